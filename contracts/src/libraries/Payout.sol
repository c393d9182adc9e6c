// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Amount, BPS, Rate} from "../types/Values.sol";

/// @notice The arithmetic of what a job pays.
library Payout {
    /// @notice What a node may claim for its service.
    /// @dev due = rate * used                                     when used / promised >= availability
    ///      due = rate * used * (used / promised) / availability  otherwise,
    ///      rounded down and never more than the escrow. Seconds without a heartbeat are not in `used`.
    /// The largest product has 96 + 32 + 32 + 14 bits; test/symbolic proves that nothing overflows and what follows from it.
    /// @param rate the agreed price for a second
    /// @param used seconds of service
    /// @param promised seconds from the start to the promised end
    /// @param availability promised share of these seconds, in hundredths of a percent; zero promises nothing
    /// @param escrow what the developer has paid in
    function due(Rate rate, uint32 used, uint32 promised, uint16 availability, Amount escrow)
        internal
        pure
        returns (Amount)
    {
        unchecked {
            uint256 sum = rate.costOf(used);
            uint256 kept = used * BPS;
            uint256 target = uint256(promised) * availability;
            if (kept < target) sum = sum * kept / target;
            return sum < escrow.raw() ? Amount.wrap(uint96(sum)) : escrow;
        }
    }
}
