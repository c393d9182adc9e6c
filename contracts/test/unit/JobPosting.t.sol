// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IComputeMarket, Job, JobState, JobTerms, Permit} from "../../src/interfaces/IComputeMarket.sol";
import {Cid} from "../../src/libraries/Cid.sol";
import {Amount, JobId, Rate} from "../../src/types/Values.sol";
import {MarketFixture} from "../support/MarketFixture.sol";

/// @notice A job's way to the market: what is accepted and what is refused.
contract JobPostingTest is MarketFixture {
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
        Permit memory permit = permitFor(DEVELOPER_KEY, terms_, vm.getBlockTimestamp());
        vm.prank(developer);
        assertState(market.postWithPermit(terms_, permit), JobState.Open);
    }

    function test_permitThatSomebodySubmittedBeforeDoesNoHarm() public {
        vm.prank(developer);
        token.approve(address(market), 0);
        JobTerms memory terms_ = terms();
        Permit memory p = permitFor(DEVELOPER_KEY, terms_, vm.getBlockTimestamp());
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
        t.bidDeadline = uint32(vm.getBlockTimestamp());
        refuseTerms(t, "bidDeadline");
        t = terms();
        t.bidDeadline = uint32(vm.getBlockTimestamp() + 30 days + 1);
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

    function refuseTerms(JobTerms memory t, string memory field) private {
        refusePost(t, abi.encodeWithSelector(IComputeMarket.InvalidTerms.selector, field));
    }

    function refusePost(JobTerms memory t, bytes memory reason) private {
        vm.prank(developer);
        vm.expectRevert(reason);
        market.post(t);
    }
}
