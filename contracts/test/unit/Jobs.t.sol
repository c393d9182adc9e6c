// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {
    Amendment,
    Bid,
    IComputeMarket,
    Job,
    JobState,
    JobTerms,
    Matching,
    Permit
} from "../../src/interfaces/IComputeMarket.sol";
import {Eligibility, INodeRegistry, Node} from "../../src/interfaces/INodeRegistry.sol";
import {Cid} from "../../src/libraries/Cid.sol";
import {Fault} from "../../src/types/Fault.sol";
import {Amount, JobId, Rate} from "../../src/types/Values.sol";
import {MarketFixture} from "../support/MarketFixture.sol";

/// @notice A job from its post to the end of its service: every way and every refusal.
contract JobsTest is MarketFixture {
    Rate private constant HALF = Rate.wrap(0.005 ether);

    // ---- post

    function test_postTakesTheEscrow() public {
        uint256 before = balance(developer);
        JobId jobId = post(terms());
        assertState(jobId, JobState.Open);
        vm.assertEq(before - balance(developer), 36 ether);
        vm.assertEq(balance(address(market)), 36 ether);
        vm.assertEq(market.jobCount(), 1);
        Job memory job = market.job(jobId);
        vm.assertEq(job.developer, developer);
        vm.assertEq(job.receiptKey, receiptSigner);
        vm.assertEq(job.millicores, 2000);
    }

    function test_postWithPermitNeedsNoAllowance() public {
        vm.prank(developer);
        token.approve(address(market), 0);
        JobTerms memory terms_ = terms();
        Permit memory permit = permitFor(DEVELOPER_KEY, terms_, block.timestamp);
        vm.prank(developer);
        assertState(market.postWithPermit(terms_, permit), JobState.Open);
    }

    function test_permitThatSomebodySubmittedBeforeDoesNoHarm() public {
        vm.prank(developer);
        token.approve(address(market), 0);
        JobTerms memory terms_ = terms();
        Permit memory p = permitFor(DEVELOPER_KEY, terms_, block.timestamp);
        token.permit(developer, address(market), Amount.unwrap(terms_.escrow), p.deadline, p.v, p.r, p.s);
        vm.prank(developer);
        assertState(market.postWithPermit(terms_, p), JobState.Open);
    }

    function test_postWithoutAllowanceIsRefused() public {
        vm.prank(developer);
        token.approve(address(market), 0);
        vm.expectRevert();
        post(terms());
    }

    function test_postRefusesTermsThatMakeNoSense() public {
        JobTerms memory t = terms();
        t.specCid = hex"1220";
        refusePost(t, abi.encodeWithSelector(Cid.NotACid.selector, t.specCid));
        t = terms();
        t.specCid = bytes.concat(hex"02", new bytes(35));
        refusePost(t, abi.encodeWithSelector(Cid.NotACid.selector, t.specCid));
        t = terms();
        t.receiptKey = address(0);
        refuseTerms(t, "receiptKey");
        t = terms();
        t.availabilityBps = 10_001;
        refuseTerms(t, "availabilityBps");
        t = terms();
        t.maxRate = Rate.wrap(0);
        refuseTerms(t, "maxRate");
        t = terms();
        t.maxDuration = 59;
        refuseTerms(t, "maxDuration");
        t = terms();
        t.maxDuration = 365 days + 1;
        refuseTerms(t, "maxDuration");
        t = terms();
        t.bidDeadline = uint32(block.timestamp);
        refuseTerms(t, "bidDeadline");
        t = terms();
        t.bidDeadline = uint32(block.timestamp + 30 days + 1);
        refuseTerms(t, "bidDeadline");
        t = terms();
        t.need.millicores = 0;
        refuseTerms(t, "millicores");
        t = terms();
        t.need.mebibytes = 0;
        refuseTerms(t, "mebibytes");
        for (uint256 i = 0; i < 2; i++) {
            t = terms();
            t.escrow = i == 0 ? Amount.wrap(0.6 ether - 1) : Amount.wrap(36 ether + 1);
            refusePost(t, abi.encodeWithSelector(IComputeMarket.InvalidEscrow.selector, t.escrow, 0.6 ether, 36 ether));
        }
    }

    function test_postAcceptsDagPb() public {
        JobTerms memory t = terms();
        t.specCid = bytes.concat(hex"01701220", bytes32(uint256(1)));
        assertState(post(t), JobState.Open);
    }

    // ---- bid

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
        market.bid(jobId, node, HALF, uint32(block.timestamp + 1));
        vm.prank(developer);
        market.accept(jobId, node, HALF);
        vm.prank(delegate);
        market.start(jobId);
        assertState(jobId, JobState.Running);
    }

    function test_bidRefusals() public {
        JobId jobId = post(terms());
        uint32 later = uint32(block.timestamp + 1000);
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
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.InvalidValidity.selector, block.timestamp));
        market.bid(jobId, node, HALF, uint32(block.timestamp));
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.WrongState.selector, 99, JobState.None));
        market.bid(JobId.wrap(99), node, HALF, later);
        vm.stopPrank();
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NotNode.selector, stranger));
        market.withdrawBid(jobId, node);
        vm.warp(block.timestamp + 601);
        vm.prank(node);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooLate.selector, jobId, block.timestamp - 1));
        market.bid(jobId, node, HALF, later + 1000);
    }

    // ---- choose

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
        market.bid(jobId, node, HALF, uint32(block.timestamp + 10));
        vm.warp(block.timestamp + 11);
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
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooEarly.selector, jobId, block.timestamp + 601));
        market.assignLowest(jobId);
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.WrongMatching.selector, jobId, Matching.LowestBid));
        market.accept(jobId, node, RATE);
        vm.warp(block.timestamp + 601);
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
        vm.warp(block.timestamp + 601);
        market.assignLowest(jobId);
        vm.assertEq(market.job(jobId).node, node);
    }

    function test_equalBidsGoToTheFirst() public {
        JobId jobId = postLowest();
        bid(jobId, node2, HALF);
        bid(jobId, node, HALF);
        vm.warp(block.timestamp + 601);
        market.assignLowest(jobId);
        vm.assertEq(market.job(jobId).node, node2);
    }

    function test_lowestWithoutBidsExpires() public {
        JobId jobId = postLowest();
        bid(jobId, node, RATE);
        vm.prank(node);
        market.withdrawBid(jobId, node);
        vm.warp(block.timestamp + 601);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NoEligibleBid.selector, jobId));
        market.assignLowest(jobId);
        vm.warp(block.timestamp + ACCEPT_WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooLate.selector, jobId, block.timestamp - 1));
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
        market.bid(jobId, node, highest, uint32(block.timestamp + 1000));
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
        vm.warp(block.timestamp + 601);
        market.assignLowest(jobId);
        vm.assertEq(market.job(jobId).node, node);
    }

    // ---- before service

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
        market.bid(jobId, node, HALF, uint32(block.timestamp + 100));
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

    // ---- in service

    function test_serviceLastsAsLongAsTheMoney() public {
        JobTerms memory t = terms();
        t.escrow = Amount.wrap(6 ether);
        JobId jobId = running(t);
        // Bid at half the highest rate: 6 OTT pay for 1200 s.
        vm.assertEq(market.service(jobId).endsAt, block.timestamp + 1200);
        vm.prank(developer);
        market.topUp(jobId, Amount.wrap(1 ether));
        vm.assertEq(market.service(jobId).endsAt, block.timestamp + 1400);
        vm.assertEq(market.service(jobId).escrow.raw(), 7 ether);
        fund(stranger, 100 ether);
        vm.prank(stranger);
        market.topUp(jobId, Amount.wrap(11 ether));
        vm.assertEq(market.service(jobId).endsAt, block.timestamp + 3600);
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NothingAdded.selector, jobId));
        market.topUp(jobId, Amount.wrap(1 ether));
        vm.warp(block.timestamp + 3600);
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooLate.selector, jobId, block.timestamp));
        market.topUp(jobId, Amount.wrap(1 ether));
    }

    function test_extendNeedsTheNodesConsent() public {
        JobId jobId = running(terms());
        bytes memory good = signExtension(DELEGATE_KEY, jobId, 7200);
        bytes memory bad = signExtension(NODE2_KEY, jobId, 7200);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NotDeveloper.selector, stranger));
        market.extend(jobId, 7200, Amount.wrap(0), good);
        vm.startPrank(developer);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.InvalidExtension.selector, jobId, 7200));
        market.extend(jobId, 7200, Amount.wrap(0), bad);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.InvalidExtension.selector, jobId, 7200));
        market.extend(jobId, 7200, Amount.wrap(0), hex"00");
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.InvalidTerms.selector, "maxDuration"));
        market.extend(jobId, 3600, Amount.wrap(0), good);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.InvalidTerms.selector, "maxDuration"));
        market.extend(jobId, 365 days + 1, Amount.wrap(0), good);
        // The escrow of 36 OTT pays for 7200 s at the agreed 0.005.
        market.extend(jobId, 7200, Amount.wrap(0), good);
        vm.assertEq(market.service(jobId).endsAt, block.timestamp + 7200);
        vm.warp(block.timestamp + 100);
        market.stop(jobId);
        bytes memory more = signExtension(NODE_KEY, jobId, 9000);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooLate.selector, jobId, block.timestamp));
        market.extend(jobId, 9000, Amount.wrap(1 ether), more);
        vm.stopPrank();
        jobId = post(terms());
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.WrongState.selector, jobId, JobState.Open));
        market.extend(jobId, 7200, Amount.wrap(0), good);
    }

    function test_stopByTheDeveloper() public {
        JobId jobId = running(terms());
        vm.warp(block.timestamp + 100);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NotNode.selector, stranger));
        market.stop(jobId);
        vm.prank(developer);
        market.stop(jobId);
        vm.assertEq(market.service(jobId).endsAt, block.timestamp);
        vm.assertEq(market.service(jobId).promised, 100);
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooLate.selector, jobId, block.timestamp));
        market.stop(jobId);
    }

    function test_stopByTheNodeKeepsItsPromise() public {
        JobId jobId = running(terms());
        vm.warp(block.timestamp + 100);
        vm.prank(delegate);
        market.stop(jobId);
        vm.assertEq(market.service(jobId).endsAt, block.timestamp);
        vm.assertEq(market.service(jobId).promised, 3600);
        vm.assertEq(market.amendment(jobId).promised, 3600);
    }

    function test_runningJobOfAVanishedNodeIsRefunded() public {
        JobId jobId = running(terms());
        uint256 before = balance(developer);
        uint256 due = market.expiresAt(jobId);
        vm.assertEq(due, block.timestamp + 3600 + 2 * CLAIM_WINDOW + 1);
        vm.warp(due);
        market.expire(jobId);
        assertState(jobId, JobState.Settled);
        vm.assertEq(balance(developer) - before, 36 ether);
        vm.assertEq(registry.node(node).locked.raw(), 0);
        vm.assertEq(registry.node(node).stake.raw(), 10_000 ether);
    }

    function test_onlyTheDistributionSettles() public {
        JobId jobId = running(terms());
        bytes memory refusal = abi.encodeWithSelector(IComputeMarket.NotDistribution.selector, developer);
        vm.startPrank(developer);
        vm.expectRevert(refusal);
        market.settle(jobId, Amount.wrap(0), Fault.None, 0);
        vm.expectRevert(refusal);
        market.markClaimed(jobId);
        vm.expectRevert(refusal);
        market.markDisputed(jobId);
        vm.stopPrank();
        vm.startPrank(address(distribution));
        vm.expectRevert(
            abi.encodeWithSelector(IComputeMarket.PayoutTooHigh.selector, uint256(36 ether + 1), uint256(36 ether))
        );
        market.settle(jobId, Amount.wrap(36 ether + 1), Fault.None, 0);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.WrongState.selector, jobId, JobState.Running));
        market.markDisputed(jobId);
        market.settle(jobId, Amount.wrap(36 ether), Fault.None, 0);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.WrongState.selector, jobId, JobState.Settled));
        market.settle(jobId, Amount.wrap(0), Fault.None, 0);
        vm.stopPrank();
    }

    // ---- help

    function refuseTerms(JobTerms memory t, string memory field) private {
        refusePost(t, abi.encodeWithSelector(IComputeMarket.InvalidTerms.selector, field));
    }

    function refusePost(JobTerms memory t, bytes memory reason) private {
        vm.prank(developer);
        vm.expectRevert(reason);
        market.post(t);
    }

    function postLowest() private returns (JobId) {
        JobTerms memory t = terms();
        t.matching = Matching.LowestBid;
        return post(t);
    }

    function expireAndExpectRefund(JobId jobId) private {
        uint256 before = balance(developer);
        vm.prank(stranger);
        market.expire(jobId);
        assertState(jobId, JobState.Cancelled);
        vm.assertEq(balance(developer) - before, 36 ether);
        vm.assertEq(balance(address(market)), 0);
    }

    function signExtension(uint256 key, JobId jobId, uint32 duration) private view returns (bytes memory) {
        bytes32 typehash = keccak256("Extension(uint256 jobId,uint32 maxDuration)");
        return sign(key, market.DOMAIN_SEPARATOR(), keccak256(abi.encode(typehash, jobId, duration)));
    }
}
