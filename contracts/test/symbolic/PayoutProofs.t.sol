// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Payout} from "../../src/libraries/Payout.sol";
import {Amount, BPS, Rate} from "../../src/types/Values.sol";
import {TestBase} from "../support/TestBase.sol";

/// @notice What halmos proves of the payout arithmetic for every input: `node scripts/prove-contracts.mjs`. Forge runs none of
/// this, since the names start with `check_`. A revert is not counted as a failure by halmos unless it is asserted.
contract PayoutProofs is TestBase {
    /// @dev The formula never reverts: no product leaves 256 bits and nothing is divided by zero.
    function check_neverReverts(uint96 rate, uint32 used, uint32 promised, uint16 availability, uint96 escrow)
        public
        view
    {
        vm.assume(availability <= BPS);
        (bool ok,) = address(this).staticcall(abi.encodeCall(this.due, (rate, used, promised, availability, escrow)));
        assert(ok);
    }

    /// @dev A payout is never more than the escrow.
    function check_atMostTheEscrow(uint96 rate, uint32 used, uint32 promised, uint16 availability, uint96 escrow)
        public
        view
    {
        vm.assume(availability <= BPS);
        assert(due(rate, used, promised, availability, escrow) <= escrow);
    }

    /// @dev When the promise is kept nothing is taken off: exactly the price, or the escrow.
    function check_fullWhenThePromiseIsKept(
        uint96 rate,
        uint32 used,
        uint32 promised,
        uint16 availability,
        uint96 escrow
    ) public view {
        vm.assume(availability <= BPS);
        vm.assume(uint256(used) * BPS >= uint256(promised) * availability);
        uint256 price = uint256(rate) * used;
        assert(due(rate, used, promised, availability, escrow) == (price < escrow ? price : escrow));
    }

    /// @dev No use, no pay.
    function check_nothingForNothing(uint96 rate, uint32 promised, uint16 availability, uint96 escrow) public view {
        vm.assume(availability <= BPS);
        assert(due(rate, 0, promised, availability, escrow) == 0);
    }

    /// @dev The products of the formula fit into 256 bits: each is what its factors give at their largest, at most.
    function check_productsFit(uint96 rate, uint32 used, uint32 promised, uint16 availability) public pure {
        vm.assume(availability <= BPS);
        unchecked {
            uint256 price = uint256(rate) * used;
            uint256 kept = used * BPS;
            assert(price < 1 << 128);
            assert(kept < 1 << 46);
            assert(uint256(promised) * availability < 1 << 46);
        }
    }

    function due(uint96 rate, uint32 used, uint32 promised, uint16 availability, uint96 escrow)
        public
        pure
        returns (uint256)
    {
        return Payout.due(Rate.wrap(rate), used, promised, availability, Amount.wrap(escrow)).raw();
    }
}
