// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Amount, BPS, Rate} from "../types/Values.sol";

/// @notice The arithmetic of what a job pays.
library Payout {
    /// @notice What a node may claim for its service.
    /// @dev due = rate * used                                     when used / promised >= availability
    ///      due = rate * used * (used / promised) / availability  otherwise,
    ///      rounded down and never more than the escrow. Seconds without a heartbeat are not in `used`.
    /// @param rate the agreed price for a second
    /// @param used seconds of service, at most 2^32 - 1
    /// @param promised seconds from the start to the promised end, at most 2^32 - 1
    /// @param availability promised share of these seconds, in hundredths of a percent; zero promises nothing
    /// @param escrow what the developer has paid in
    function due(Rate rate, uint256 used, uint256 promised, uint256 availability, Amount escrow)
        internal
        pure
        returns (Amount)
    {
        uint256 sum = rate.costOf(used);
        uint256 target = promised * availability;
        if (used * BPS < target) {
            sum = sum * used * BPS / target;
        }
        return sum < escrow.raw() ? Amount.wrap(uint96(sum)) : escrow;
    }
}
