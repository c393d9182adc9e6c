// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IComputeMarket, JobState, JobTerms} from "../../src/interfaces/IComputeMarket.sol";
import {IRewardDistribution} from "../../src/interfaces/IRewardDistribution.sol";
import {Cid} from "../../src/libraries/Cid.sol";
import {Amount, JobId, Rate} from "../../src/types/Values.sol";
import {MarketFixture} from "../support/MarketFixture.sol";
import {Vm} from "../support/TestBase.sol";

/// @notice The last moment at which a call is in time, and the smallest sums that still move.
contract MomentsTest is MarketFixture {
    function test_bidAtTheDeadline() public {
        JobId jobId = post(terms());
        vm.warp(market.job(jobId).time);
        bid(jobId, node, HALF);
        vm.assertTrue(market.bidOf(jobId, node).rate == HALF);
    }

    function test_bidIsTakenInItsLastSecond() public {
        JobId jobId = post(terms());
        uint32 until = uint32(vm.getBlockTimestamp() + 100);
        vm.prank(node);
        market.bid(jobId, node, HALF, until);
        vm.warp(until);
        vm.prank(developer);
        market.accept(jobId, node, HALF);
        assertState(jobId, JobState.Assigned);
    }

    function test_withdrawnBidKeepsItsPlaceInTheList() public {
        JobId jobId = postLowest();
        bid(jobId, node, RATE);
        uint32 until = market.bidOf(jobId, node).validUntil;
        vm.prank(node);
        market.withdrawBid(jobId, node);
        vm.assertTrue(market.bidOf(jobId, node).rate == Rate.wrap(0));
        vm.assertTrue(market.bidOf(jobId, node).listed);
        vm.assertEq(market.bidOf(jobId, node).validUntil, until);
        bid(jobId, node, HALF);
        vm.assertEq(market.bidders(jobId).length, 1);
    }

    function test_lowestIsAssignedAfterTheDeadlineAndUntilTheEndOfTheWindow() public {
        JobId first = postLowest();
        JobId second = postLowest();
        bid(first, node, HALF);
        bid(second, node, HALF);
        uint256 deadline = market.job(first).time;
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooEarly.selector, first, deadline + 1));
        market.assignLowest(first);
        vm.warp(deadline + 1);
        market.assignLowest(first);
        vm.warp(deadline + ACCEPT_WINDOW);
        market.assignLowest(second);
        assertState(second, JobState.Assigned);
    }

    function test_claimDisputeAndDecisionAtTheLastMoment() public {
        JobId jobId = running(terms());
        vm.warp(market.service(jobId).endsAt + CLAIM_WINDOW);
        claim(jobId, 3600);
        vm.warp(distribution.claimOf(jobId).until);
        vm.prank(developer);
        distribution.dispute(jobId, CID);
        uint256 until = distribution.claimOf(jobId).until;
        vm.assertEq(until, vm.getBlockTimestamp() + DECISION_WINDOW);
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.TooEarly.selector, jobId, until + 1));
        distribution.finalize(jobId);
        vm.prank(arbiter);
        distribution.decide(jobId, Amount.wrap(0), 0);
        assertState(jobId, JobState.Settled);
        vm.assertEq(distribution.claimOf(jobId).bond.raw(), 0);
    }

    function test_declineAtTheLastMoment() public {
        JobId jobId = assigned(terms());
        vm.warp(market.job(jobId).time);
        vm.prank(node);
        market.decline(jobId);
        assertState(jobId, JobState.Open);
    }

    function test_termsAtTheirLimits() public {
        JobTerms memory t = terms();
        t.availabilityBps = 10_000;
        t.maxDuration = 60;
        t.escrow = Amount.wrap(0.6 ether);
        t.bidDeadline = uint32(vm.getBlockTimestamp() + 30 days);
        assertState(post(t), JobState.Open);
        t.maxDuration = 365 days;
        t.maxRate = Rate.wrap(1);
        t.escrow = Amount.wrap(60);
        t.need.millicores = 1;
        t.need.mebibytes = 1;
        assertState(post(t), JobState.Open);
        t.specCid = bytes.concat(CID, hex"00");
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(Cid.NotACid.selector, t.specCid));
        market.post(t);
    }

    function test_withdrawnOnlyWhileOpen() public {
        JobId jobId = post(terms());
        bid(jobId, node, HALF);
        bid(jobId, node2, HALF);
        vm.prank(developer);
        market.accept(jobId, node, HALF);
        vm.prank(node2);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.WrongState.selector, jobId, JobState.Assigned));
        market.withdrawBid(jobId, node2);
    }

    function test_listHoldsEachBidderOnce_andNoneWhenTheDeveloperChooses() public {
        JobId lowest = postLowest();
        bid(lowest, node, RATE);
        bid(lowest, node, HALF);
        vm.assertEq(market.bidders(lowest).length, 1);
        vm.assertTrue(market.bidOf(lowest, node).listed);
        JobId chosen = post(terms());
        bid(chosen, node, RATE);
        vm.assertEq(market.bidders(chosen).length, 0);
        vm.assertFalse(market.bidOf(chosen, node).listed);
    }

    /// @dev Of equal bids the one that came last is passed over in a full list only for the first of the highest.
    function test_firstOfTheHighestIsDisplaced_andToldOnce() public {
        JobId jobId = postLowest();
        for (uint256 i = 0; i < 16; i++) {
            registerNode(0x1000 + i, address(0));
            bid(jobId, vm.addr(0x1000 + i), i < 4 ? HALF : RATE);
        }
        vm.recordLogs();
        bid(jobId, node, HALF);
        vm.assertEq(count(IComputeMarket.BidRemoved.selector), 1);
        vm.assertEq(market.bidders(jobId)[4], node);
        vm.assertEq(market.bidders(jobId)[5], vm.addr(0x1005));
        // A withdrawn bid was told already.
        vm.prank(vm.addr(0x1007));
        market.withdrawBid(jobId, vm.addr(0x1007));
        vm.recordLogs();
        bid(jobId, node2, HALF);
        vm.assertEq(market.bidders(jobId)[7], node2);
        vm.assertEq(count(IComputeMarket.BidRemoved.selector), 0);
    }

    /// @dev One unit is paid; of nothing there is no transfer, which some tokens refuse.
    function test_smallestSums() public {
        JobId jobId = running(terms());
        vm.warp(vm.getBlockTimestamp() + 100);
        uint256 before = balance(node);
        settle(node, receipt(jobId, 100, 1, false));
        vm.assertEq(balance(node) - before, 1);

        jobId = running(terms());
        vm.warp(vm.getBlockTimestamp() + 100);
        settle(node, receipt(jobId, 100, 50, false));
        vm.assertEq(market.unburnedFees().raw(), 1);
        uint256 supply = token.totalSupply();
        market.burnFees();
        vm.assertEq(supply - token.totalSupply(), 1);

        JobTerms memory t = terms();
        t.escrow = Amount.wrap(18 ether);
        jobId = running(t);
        vm.warp(vm.getBlockTimestamp() + 3600);
        Vm.Log[] memory logs;
        vm.recordLogs();
        settle(node, receipt(jobId, 3600, 18 ether, false));
        logs = vm.getRecordedLogs();
        vm.assertEq(transfers(logs), 1, "to the node alone");

        jobId = disputed(terms(), 3600);
        vm.warp(distribution.claimOf(jobId).until + 1);
        vm.recordLogs();
        distribution.finalize(jobId);
        vm.assertEq(transfers(vm.getRecordedLogs()), 3, "bond, payout and refund; nothing burned");
    }

    /// @dev Without a dispute there is no bond, and nothing is said of one.
    function test_noBondWithoutADispute() public {
        JobId jobId = claimed(terms(), 3600);
        vm.warp(distribution.claimOf(jobId).until + 1);
        vm.recordLogs();
        distribution.finalize(jobId);
        vm.assertEq(count(IRewardDistribution.BondReleased.selector), 0);
    }

    function count(bytes32 topic) private returns (uint256 found) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] == topic) found++;
        }
    }

    function transfers(Vm.Log[] memory logs) private view returns (uint256 found) {
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].emitter == address(token)) found++;
        }
    }
}
