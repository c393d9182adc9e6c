// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IComputeMarket, JobState, Matching} from "../../src/interfaces/IComputeMarket.sol";
import {Eligibility, INodeRegistry} from "../../src/interfaces/INodeRegistry.sol";
import {JobId, Rate} from "../../src/types/Values.sol";
import {MarketFixture} from "../support/MarketFixture.sol";

/// @notice Bids, and how one of them is chosen.
contract JobBiddingTest is MarketFixture {
    function test_bidReviseWithdraw() public {
        JobId jobId = post(terms());
        bid(jobId, node, RATE);
        bid(jobId, node, HALF);
        vm.assertTrue(market.bidOf(jobId, node).rate == HALF);
        vm.prank(node);
        market.withdrawBid(jobId, node);
        vm.assertTrue(market.bidOf(jobId, node).rate == Rate.wrap(0));
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NoBid.selector, node));
        market.accept(jobId, node, RATE);
        vm.prank(node);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NoBid.selector, node));
        market.withdrawBid(jobId, node);
    }

    function test_delegateBidsAndStarts() public {
        JobId jobId = post(terms());
        vm.prank(delegate);
        market.bid(jobId, node, HALF, uint32(vm.getBlockTimestamp() + 1));
        vm.prank(developer);
        market.accept(jobId, node, HALF);
        vm.prank(delegate);
        market.start(jobId);
        assertState(jobId, JobState.Running);
    }

    function test_bidRefusals() public {
        JobId jobId = post(terms());
        uint32 later = uint32(vm.getBlockTimestamp() + 1000);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NotNode.selector, stranger));
        market.bid(jobId, node, HALF, later);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.Ineligible.selector, stranger, Eligibility.NotRegistered));
        market.bid(jobId, stranger, HALF, later);
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.OwnJob.selector, developer));
        market.bid(jobId, developer, HALF, later);
        vm.startPrank(node);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.InvalidRate.selector, 0, RATE));
        market.bid(jobId, node, Rate.wrap(0), later);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.InvalidRate.selector, 0.01 ether + 1, RATE));
        market.bid(jobId, node, Rate.wrap(0.01 ether + 1), later);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.InvalidValidity.selector, vm.getBlockTimestamp()));
        market.bid(jobId, node, HALF, uint32(vm.getBlockTimestamp()));
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.WrongState.selector, 99, JobState.None));
        market.bid(JobId.wrap(99), node, HALF, later);
        vm.stopPrank();
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NotNode.selector, stranger));
        market.withdrawBid(jobId, node);
        vm.warp(vm.getBlockTimestamp() + 601);
        vm.prank(node);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooLate.selector, jobId, vm.getBlockTimestamp() - 1));
        market.bid(jobId, node, HALF, later + 1000);
    }

    function test_acceptLocksStake() public {
        JobId jobId = assigned(terms());
        assertState(jobId, JobState.Assigned);
        // 2000 millicores and 2048 MiB: 20 + 10.24 OTT, more than half of the escrow.
        vm.assertEq(registry.node(node).locked.raw(), 30.24 ether);
    }

    function test_acceptRefusals() public {
        JobId jobId = post(terms());
        bid(jobId, node, RATE);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NotDeveloper.selector, stranger));
        market.accept(jobId, node, RATE);
        vm.startPrank(developer);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.InvalidRate.selector, RATE, HALF));
        market.accept(jobId, node, HALF);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.WrongMatching.selector, jobId, Matching.Developer));
        market.assignLowest(jobId);
        uint256 deadline = market.job(jobId).time + ACCEPT_WINDOW;
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooLate.selector, jobId, deadline));
        market.accept(jobId, node, RATE);
        vm.warp(deadline);
        market.accept(jobId, node, RATE);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.WrongState.selector, jobId, JobState.Assigned));
        market.accept(jobId, node, RATE);
        vm.stopPrank();
    }

    function test_bidThatLapsedCannotBeAccepted() public {
        JobId jobId = post(terms());
        vm.prank(node);
        market.bid(jobId, node, HALF, uint32(vm.getBlockTimestamp() + 10));
        vm.warp(vm.getBlockTimestamp() + 11);
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NoBid.selector, node));
        market.accept(jobId, node, HALF);
    }

    function test_nodeThatBecameIneligibleCannotBeAccepted() public {
        JobId jobId = post(terms());
        bid(jobId, node, HALF);
        vm.prank(node);
        registry.pause(node);
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.Ineligible.selector, node, Eligibility.Paused));
        market.accept(jobId, node, HALF);
    }

    function test_lowestEligibleBidWins() public {
        JobId jobId = postLowest();
        bid(jobId, node, RATE);
        bid(jobId, node2, HALF);
        vm.assertEq(market.bidders(jobId).length, 2);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooEarly.selector, jobId, vm.getBlockTimestamp() + 601));
        market.assignLowest(jobId);
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.WrongMatching.selector, jobId, Matching.LowestBid));
        market.accept(jobId, node, RATE);
        vm.warp(vm.getBlockTimestamp() + 601);
        vm.prank(stranger);
        market.assignLowest(jobId);
        vm.assertEq(market.job(jobId).node, node2);
        vm.assertTrue(market.job(jobId).rate == HALF);
    }

    function test_lowestBidderWhoPausedIsPassedOver() public {
        JobId jobId = postLowest();
        bid(jobId, node, RATE);
        bid(jobId, node2, HALF);
        vm.prank(node2);
        registry.pause(node2);
        vm.warp(vm.getBlockTimestamp() + 601);
        market.assignLowest(jobId);
        vm.assertEq(market.job(jobId).node, node);
    }

    function test_equalBidsGoToTheFirst() public {
        JobId jobId = postLowest();
        bid(jobId, node2, HALF);
        bid(jobId, node, HALF);
        vm.warp(vm.getBlockTimestamp() + 601);
        market.assignLowest(jobId);
        vm.assertEq(market.job(jobId).node, node2);
    }

    function test_lowestWithoutBidsExpires() public {
        JobId jobId = postLowest();
        bid(jobId, node, RATE);
        vm.prank(node);
        market.withdrawBid(jobId, node);
        vm.warp(vm.getBlockTimestamp() + 601);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NoEligibleBid.selector, jobId));
        market.assignLowest(jobId);
        vm.warp(vm.getBlockTimestamp() + ACCEPT_WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooLate.selector, jobId, vm.getBlockTimestamp() - 1));
        market.assignLowest(jobId);
        expireAndExpectRefund(jobId);
    }

    function test_fullListKeepsTheLowest() public {
        JobId jobId = postLowest();
        for (uint256 i = 0; i < 16; i++) {
            registerNode(0x1000 + i, address(0));
            bid(jobId, vm.addr(0x1000 + i), Rate.wrap(uint96(0.004 ether + i)));
        }
        Rate highest = Rate.wrap(0.004 ether + 15);
        vm.prank(node);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.BidTooHigh.selector, highest, highest));
        market.bid(jobId, node, highest, uint32(vm.getBlockTimestamp() + 1000));
        bid(jobId, node, Rate.wrap(0.004 ether - 1));
        vm.assertEq(market.bidders(jobId).length, 16);
        vm.assertTrue(market.bidOf(jobId, vm.addr(0x100f)).rate == Rate.wrap(0));
        // A place whose bid was withdrawn goes first.
        address quitter = vm.addr(0x1003);
        vm.prank(quitter);
        market.withdrawBid(jobId, quitter);
        bid(jobId, node2, RATE);
        vm.assertFalse(market.bidOf(jobId, quitter).listed);
        bid(jobId, node2, HALF);
        vm.assertEq(market.bidders(jobId)[3], node2);
        vm.warp(vm.getBlockTimestamp() + 601);
        market.assignLowest(jobId);
        vm.assertEq(market.job(jobId).node, node);
    }

    function test_nodeThatFailedStaysBarredWhenItLosesItsPlace() public {
        JobId jobId = postLowest();
        bid(jobId, node, Rate.wrap(1));
        for (uint256 i = 1; i < 16; i++) {
            registerNode(0x1000 + i, address(0));
            bid(jobId, vm.addr(0x1000 + i), HALF);
        }
        vm.warp(vm.getBlockTimestamp() + 601);
        market.assignLowest(jobId);
        vm.prank(node);
        market.decline(jobId);
        bid(jobId, node2, HALF);
        vm.assertEq(market.bidders(jobId)[0], node2);
        vm.assertTrue(market.bidOf(jobId, node).barred);
        vm.prank(node);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.Barred.selector, node));
        market.bid(jobId, node, Rate.wrap(1), uint32(vm.getBlockTimestamp() + 1000));
    }
}
