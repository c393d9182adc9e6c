// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Bid, IComputeMarket, JobState, JobTerms} from "../../src/interfaces/IComputeMarket.sol";
import {Fault} from "../../src/types/Fault.sol";
import {Amount, JobId} from "../../src/types/Values.sol";
import {MarketFixture} from "../support/MarketFixture.sol";

/// @notice A job from the beginning of its service to its end.
contract JobServiceTest is MarketFixture {
    function test_serviceLastsAsLongAsTheMoney() public {
        JobTerms memory t = terms();
        t.escrow = Amount.wrap(6 ether);
        JobId jobId = running(t);
        // Bid at half the highest rate: 6 OTT pay for 1200 s.
        vm.assertEq(market.service(jobId).endsAt, vm.getBlockTimestamp() + 1200);
        vm.prank(developer);
        market.topUp(jobId, Amount.wrap(1 ether));
        vm.assertEq(market.service(jobId).endsAt, vm.getBlockTimestamp() + 1400);
        vm.assertEq(market.service(jobId).escrow.raw(), 7 ether);
        fund(stranger, 100 ether);
        vm.prank(stranger);
        market.topUp(jobId, Amount.wrap(11 ether));
        vm.assertEq(market.service(jobId).endsAt, vm.getBlockTimestamp() + 3600);
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NothingAdded.selector, jobId));
        market.topUp(jobId, Amount.wrap(1 ether));
        vm.warp(vm.getBlockTimestamp() + 3600);
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooLate.selector, jobId, vm.getBlockTimestamp()));
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
        vm.assertEq(market.service(jobId).endsAt, vm.getBlockTimestamp() + 7200);
        vm.warp(vm.getBlockTimestamp() + 100);
        market.stop(jobId);
        bytes memory more = signExtension(NODE_KEY, jobId, 9000);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooLate.selector, jobId, vm.getBlockTimestamp()));
        market.extend(jobId, 9000, Amount.wrap(1 ether), more);
        vm.stopPrank();
        jobId = post(terms());
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.WrongState.selector, jobId, JobState.Open));
        market.extend(jobId, 7200, Amount.wrap(0), good);
    }

    function test_extendToTheLongestDuration() public {
        JobId jobId = running(terms());
        bytes memory consent = signExtension(NODE_KEY, jobId, 365 days);
        vm.prank(developer);
        market.extend(jobId, 365 days, Amount.wrap(0), consent);
        // The escrow of 36 OTT pays for 7200 s at the agreed 0.005: the money now ends the service.
        vm.assertEq(market.service(jobId).endsAt, vm.getBlockTimestamp() + 7200);
        vm.assertEq(market.job(jobId).maxDuration, 365 days);
    }

    function test_stopByTheDeveloper() public {
        JobId jobId = running(terms());
        vm.warp(vm.getBlockTimestamp() + 100);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.NotNode.selector, stranger));
        market.stop(jobId);
        vm.prank(developer);
        market.stop(jobId);
        vm.assertEq(market.service(jobId).endsAt, vm.getBlockTimestamp());
        vm.assertEq(market.service(jobId).promised, 100);
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.TooLate.selector, jobId, vm.getBlockTimestamp()));
        market.stop(jobId);
    }

    function test_stopByTheNodeKeepsItsPromise() public {
        JobId jobId = running(terms());
        vm.warp(vm.getBlockTimestamp() + 100);
        vm.prank(delegate);
        market.stop(jobId);
        vm.assertEq(market.service(jobId).endsAt, vm.getBlockTimestamp());
        vm.assertEq(market.service(jobId).promised, 3600);
        vm.assertEq(market.amendment(jobId).promised, 3600);
    }

    function test_runningJobOfAVanishedNodeIsRefunded() public {
        JobId jobId = running(terms());
        uint256 before = balance(developer);
        uint256 due = market.expiresAt(jobId);
        vm.assertEq(due, vm.getBlockTimestamp() + 3600 + 2 * CLAIM_WINDOW + 1);
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

    function signExtension(uint256 key, JobId jobId, uint32 duration) private view returns (bytes memory) {
        bytes32 typehash = keccak256("Extension(uint256 jobId,uint32 maxDuration)");
        return sign(key, market.DOMAIN_SEPARATOR(), keccak256(abi.encode(typehash, jobId, duration)));
    }
}
