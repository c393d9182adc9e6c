// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {JobState, JobTerms, Matching} from "../../src/interfaces/IComputeMarket.sol";
import {Amount, JobId} from "../../src/types/Values.sol";
import {MarketFixture} from "../support/MarketFixture.sol";

/// @notice Whoever disappears, in whichever state, calls that anyone may make bring all money to its owners in bounded time.
/// First everybody at once; then each party alone, where the others can do better than wait.
contract ExitsTest is MarketFixture {
    uint256 private developerBefore;
    uint256 private nodeBefore;

    function setUp() public override {
        super.setUp();
        developerBefore = balance(developer);
        nodeBefore = balance(node);
    }

    // ---- everybody is gone: only a stranger calls

    function test_everybodyGone_open() public {
        JobId jobId = post(terms());
        bid(jobId, node, HALF);
        drain(jobId, 600 + ACCEPT_WINDOW + 1);
        paid(0, 0);
    }

    /// @dev The job takes the lowest bid without its developer; the node does not come, and the list is empty then.
    function test_everybodyGone_openForTheLowestBid() public {
        JobId jobId = postLowest();
        bid(jobId, node, HALF);
        vm.warp(vm.getBlockTimestamp() + 601);
        vm.prank(stranger);
        market.assignLowest(jobId);
        drain(jobId, START_WINDOW + 1 + REBID_WINDOW + ACCEPT_WINDOW + 1);
        // A tenth of the lock of 30.24 is slashed, half of it for the developer.
        paid(0, 1.512 ether);
    }

    function test_everybodyGone_assigned() public {
        JobId jobId = assigned(terms());
        drain(jobId, START_WINDOW + 1 + REBID_WINDOW + ACCEPT_WINDOW + 1);
        paid(0, 1.512 ether);
    }

    /// @dev In the last round an expiry ends the job.
    function test_everybodyGone_assignedForTheThirdTime() public {
        JobId jobId = post(terms());
        for (uint256 i = 0; i < 3; i++) {
            registerNode(0x1000 + i, address(0));
            bid(jobId, vm.addr(0x1000 + i), HALF);
            vm.prank(developer);
            market.accept(jobId, vm.addr(0x1000 + i), HALF);
            if (i == 2) break;
            vm.prank(vm.addr(0x1000 + i));
            market.decline(jobId);
        }
        drain(jobId, START_WINDOW + 1);
        paid(0, 1.512 ether);
    }

    function test_everybodyGone_running() public {
        JobId jobId = running(terms());
        drain(jobId, 3600 + 2 * CLAIM_WINDOW + 1);
        paid(0, 0);
    }

    function test_everybodyGone_runningWithMoreMoney() public {
        JobTerms memory t = terms();
        t.escrow = Amount.wrap(1 ether);
        JobId jobId = running(t);
        vm.prank(developer);
        market.topUp(jobId, Amount.wrap(1 ether));
        drain(jobId, 400 + 2 * CLAIM_WINDOW + 1);
        paid(0, 0);
    }

    function test_everybodyGone_stopped() public {
        JobId jobId = running(terms());
        vm.warp(vm.getBlockTimestamp() + 100);
        vm.prank(node);
        market.stop(jobId);
        drain(jobId, 2 * CLAIM_WINDOW + 1);
        paid(0, 0);
    }

    function test_everybodyGone_claimed() public {
        JobId jobId = claimed(terms(), 1000);
        drain(jobId, DISPUTE_WINDOW + 1);
        paid(4.9 ether, -5 ether);
    }

    function test_everybodyGone_disputed() public {
        JobId jobId = disputed(terms(), 1000);
        drain(jobId, DECISION_WINDOW + 1);
        paid(2.45 ether, -2.5 ether);
    }

    // ---- the developer is gone

    function test_developerGone_lowestBidIsServedAndPaid() public {
        JobId jobId = postLowest();
        bid(jobId, node, HALF);
        vm.warp(vm.getBlockTimestamp() + 601);
        vm.prank(node);
        market.assignLowest(jobId);
        serveAndClaim(jobId);
    }

    function test_developerGone_assignedJobIsServedAndPaid() public {
        serveAndClaim(assigned(terms()));
    }

    function test_developerGone_disputeIsDecided() public {
        JobId jobId = disputed(terms(), 1000);
        vm.prank(arbiter);
        distribution.decide(jobId, Amount.wrap(5 ether), 0);
        over(jobId);
        // The bond of 10 is lost: half to the node, half burned.
        paid(4.9 ether + 5 ether, -15 ether);
    }

    // ---- the node is gone

    function test_nodeGone_openJobGoesToAnother() public {
        JobId jobId = post(terms());
        bid(jobId, node, HALF);
        bid(jobId, node2, HALF);
        vm.prank(developer);
        market.accept(jobId, node2, HALF);
        vm.prank(node2);
        market.start(jobId);
        assertState(jobId, JobState.Running);
    }

    function test_nodeGone_assignedJobGoesToAnother() public {
        JobTerms memory t = terms();
        t.matching = Matching.LowestBid;
        JobId jobId = post(t);
        bid(jobId, node, HALF);
        bid(jobId, node2, RATE);
        vm.warp(vm.getBlockTimestamp() + 601);
        vm.prank(stranger);
        market.assignLowest(jobId);
        vm.warp(market.expiresAt(jobId));
        vm.prank(stranger);
        market.expire(jobId);
        vm.warp(market.job(jobId).time + 1);
        vm.prank(stranger);
        market.assignLowest(jobId);
        vm.assertEq(market.job(jobId).node, node2);
    }

    /// @dev What both had signed is paid although the node never comes back for it.
    function test_nodeGone_lastReceiptIsPaidToIt() public {
        JobId jobId = running(terms());
        vm.warp(market.service(jobId).endsAt + CLAIM_WINDOW + 1);
        settle(stranger, receipt(jobId, 1000, 5 ether, false));
        over(jobId);
        paid(4.9 ether, -5 ether);
    }

    function test_nodeGone_falseClaimIsDecided() public {
        JobId jobId = disputed(terms(), 1000);
        vm.prank(arbiter);
        distribution.decide(jobId, Amount.wrap(0), 10_000);
        over(jobId);
        paid(0, 15.12 ether);
    }

    // ---- the arbiter is gone

    function test_arbiterGone_partiesAgree() public {
        JobId jobId = disputed(terms(), 1000);
        settle(stranger, receipt(jobId, 800, 4 ether, true));
        over(jobId);
        paid(3.92 ether, -4 ether);
    }

    // ---- help

    function serveAndClaim(JobId jobId) private {
        vm.prank(node);
        market.start(jobId);
        vm.warp(market.service(jobId).endsAt);
        claim(jobId, 3600);
        vm.warp(distribution.claimOf(jobId).until + 1);
        vm.prank(stranger);
        distribution.finalize(jobId);
        over(jobId);
        paid(17.64 ether, -18 ether);
    }

    /// @dev A stranger makes each call as soon as it is open, until the job is over; it may take `most` seconds.
    function drain(JobId jobId, uint256 most) private {
        uint256 began = vm.getBlockTimestamp();
        while (stateOf(jobId) != JobState.Settled && stateOf(jobId) != JobState.Cancelled) {
            bool isClaim = stateOf(jobId) == JobState.Claimed || stateOf(jobId) == JobState.Disputed;
            vm.warp(isClaim ? distribution.claimOf(jobId).until + 1 : market.expiresAt(jobId));
            vm.prank(stranger);
            if (isClaim) distribution.finalize(jobId);
            else market.expire(jobId);
        }
        vm.assertEq(vm.getBlockTimestamp() - began, most, "seconds until the money is home");
        over(jobId);
    }

    /// @dev Nothing is left of the job, anywhere.
    function over(JobId jobId) private {
        if (market.unburnedFees().raw() > 0) market.burnFees();
        vm.assertEq(balance(address(market)), 0, "market");
        vm.assertEq(balance(address(distribution)), 0, "distribution");
        vm.assertEq(registry.node(node).locked.raw(), 0, "locked");
        vm.assertEq(distribution.claimOf(jobId).bond.raw(), 0, "bond");
    }

    /// @dev What node and developer have more than before the job.
    function paid(int256 toNode, int256 toDeveloper) private view {
        vm.assertEq(balance(node), uint256(int256(nodeBefore) + toNode), "node");
        vm.assertEq(balance(developer), uint256(int256(developerBefore) + toDeveloper), "developer");
    }
}
