// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {JobTerms, MarketParameters} from "../../src/interfaces/IComputeMarket.sol";
import {Amount, JobId} from "../../src/types/Values.sol";
import {MarketFixture} from "../support/MarketFixture.sol";

/// @notice Service of a single second, in a market that allows it.
contract ShortServiceTest is MarketFixture {
    function marketParameters() internal pure override returns (MarketParameters memory parameters) {
        parameters = super.marketParameters();
        parameters.minFundedSeconds = 1;
    }

    function test_promiseOfOneSecondIsKeptInMind() public {
        JobTerms memory t = terms();
        t.maxDuration = 1;
        t.escrow = Amount.wrap(0.01 ether);
        JobId jobId = running(t);
        vm.assertEq(market.service(jobId).promised, 1);
        vm.prank(node);
        market.stop(jobId);
        vm.assertEq(market.service(jobId).endsAt, vm.getBlockTimestamp());
        vm.assertEq(market.service(jobId).promised, 1);
    }
}
