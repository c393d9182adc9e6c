// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IComputeMarket, JobState} from "../../src/interfaces/IComputeMarket.sol";
import {JobId} from "../../src/types/Values.sol";
import {MarketFixture} from "../support/MarketFixture.sol";

/// @notice What can happen to a job before its service begins.
contract JobAssignmentTest is MarketFixture {
    function test_cancelRefunds() public {
        JobId jobId = post(terms());
        uint256 before = balance(developer);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NotDeveloper.selector, stranger));
        market.cancel(jobId);
        vm.startPrank(developer);
        market.cancel(jobId);
        assertState(jobId, JobState.Cancelled);
        vm.assertEq(balance(developer) - before, 36 ether);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.WrongState.selector, jobId, JobState.Cancelled));
        market.cancel(jobId);
        vm.stopPrank();
    }

    function test_openJobExpires() public {
        JobId jobId = post(terms());
        uint256 due = market.expiresAt(jobId);
        vm.warp(due - 1);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooEarly.selector, jobId, due));
        market.expire(jobId);
        vm.warp(due);
        expireAndExpectRefund(jobId);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.WrongState.selector, jobId, JobState.Cancelled));
        market.expire(jobId);
    }

    function test_startInTimeOnlyByTheNode() public {
        JobId jobId = post(terms());
        vm.prank(node);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NotNode.selector, node));
        market.start(jobId);
        jobId = assigned(terms());
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NotNode.selector, stranger));
        market.start(jobId);
        uint256 startBy = market.job(jobId).time;
        vm.warp(startBy + 1);
        vm.startPrank(node);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooLate.selector, jobId, startBy));
        market.start(jobId);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooLate.selector, jobId, startBy));
        market.decline(jobId);
        vm.warp(startBy);
        market.start(jobId);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.WrongState.selector, jobId, JobState.Running));
        market.start(jobId);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.WrongState.selector, jobId, JobState.Running));
        market.decline(jobId);
        vm.stopPrank();
    }

    function test_nodeThatNeverStartsIsPenalisedAndAnotherServes() public {
        JobId jobId = assigned(terms());
        uint256 before = balance(developer);
        vm.warp(market.expiresAt(jobId));
        vm.prank(stranger);
        market.expire(jobId);
        assertState(jobId, JobState.Open);
        // A tenth of 30.24 is lost; half of it compensates the developer.
        vm.assertEq(registry.node(node).stake.raw(), 10_000 ether - 3.024 ether);
        vm.assertEq(registry.node(node).locked.raw(), 0);
        vm.assertEq(balance(developer) - before, 1.512 ether);
        vm.prank(node);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.Barred.selector, node));
        market.bid(jobId, node, HALF, uint32(vm.getBlockTimestamp() + 100));
        bid(jobId, node2, HALF);
        vm.prank(developer);
        market.accept(jobId, node2, HALF);
        vm.prank(node2);
        market.start(jobId);
        assertState(jobId, JobState.Running);
    }

    function test_declineCostsNoStake() public {
        JobId jobId = assigned(terms());
        vm.prank(delegate);
        market.decline(jobId);
        assertState(jobId, JobState.Open);
        vm.assertEq(registry.node(node).stake.raw(), 10_000 ether);
        vm.assertTrue(market.bidOf(jobId, node).barred);
    }

    function test_jobIsRefundedAfterThreeFailedRounds() public {
        JobId jobId = post(terms());
        uint256 before = balance(developer);
        for (uint256 i = 0; i < 3; i++) {
            assertState(jobId, JobState.Open);
            registerNode(0x1000 + i, address(0));
            address who = vm.addr(0x1000 + i);
            bid(jobId, who, HALF);
            vm.prank(developer);
            market.accept(jobId, who, HALF);
            vm.prank(who);
            market.decline(jobId);
        }
        assertState(jobId, JobState.Cancelled);
        vm.assertEq(balance(developer) - before, 36 ether);
    }
}
