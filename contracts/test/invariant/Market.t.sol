// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Job, JobState, Service} from "../../src/interfaces/IComputeMarket.sol";
import {Node} from "../../src/interfaces/INodeRegistry.sol";
import {Capacity} from "../../src/types/Capacity.sol";
import {Amount, JobId} from "../../src/types/Values.sol";
import {MarketFixture} from "../support/MarketFixture.sol";
import {MarketHandler} from "./MarketHandler.sol";

/// @notice What is true of the whole system after any sequence of calls by anybody.
contract MarketInvariants is MarketFixture {
    MarketHandler private handler;

    function setUp() public override {
        super.setUp();
        registerNode(0xa4, address(0));
        registerNode(0xa5, address(0));
        uint256[] memory keys = new uint256[](4);
        (keys[0], keys[1], keys[2], keys[3]) = (NODE_KEY, NODE2_KEY, 0xa4, 0xa5);
        address[] memory developers = new address[](3);
        (developers[0], developers[1], developers[2]) = (developer, address(0xde2), address(0xde3));
        fund(developers[1], 1_000_000 ether);
        fund(developers[2], 1_000_000 ether);
        handler = new MarketHandler(market, distribution, arbiter, keys, developers);
        targetContract(address(handler));
    }

    /// @dev Each contract holds exactly what it owes: money conserved.
    function invariant_balancesAreWhatIsOwed() public view {
        uint256 escrows = market.unburnedFees().raw();
        uint256 bonds;
        uint256 count = market.jobCount();
        for (uint256 i = 1; i <= count; i++) {
            JobId jobId = JobId.wrap(i);
            if (live(stateOf(jobId))) escrows += market.service(jobId).escrow.raw();
            bonds += distribution.claimOf(jobId).bond.raw();
        }
        uint256 stakes;
        for (uint256 i = 0; i < handler.nodeCount(); i++) {
            Node memory record = registry.node(handler.nodeAt(i));
            stakes += record.stake.raw() + record.unbonding.raw();
        }
        vm.assertEq(balance(address(market)), escrows, "escrows");
        vm.assertEq(balance(address(distribution)), bonds, "bonds");
        vm.assertEq(balance(address(registry)), stakes, "stakes");
    }

    /// @dev What a node's jobs hold is exactly what is locked, and its stake is never lower.
    function invariant_stakeCoversLocks() public view {
        uint256 count = market.jobCount();
        for (uint256 n = 0; n < handler.nodeCount(); n++) {
            address who = handler.nodeAt(n);
            uint256 locked;
            uint256 pledged;
            for (uint256 i = 1; i <= count; i++) {
                Job memory job = market.job(JobId.wrap(i));
                if (job.node != who || job.state == JobState.Open || !live(job.state)) continue;
                (Amount stake, Amount pledge) = registry.quote(needOf(job), job.deposit, job.covered);
                locked += stake.raw();
                pledged += pledge.raw();
            }
            Node memory record = registry.node(who);
            vm.assertEq(record.locked.raw(), locked, "locked");
            vm.assertEq(record.pledged.raw(), pledged, "pledged");
            vm.assertGe(record.stake.raw(), record.locked.raw(), "stake");
        }
    }

    /// @dev Every job that is not over has a time after which anyone may end it, and a claim never exceeds the escrow.
    function invariant_everyStateHasAnExit() public view {
        uint256 count = market.jobCount();
        for (uint256 i = 1; i <= count; i++) {
            JobId jobId = JobId.wrap(i);
            JobState state = stateOf(jobId);
            if (!live(state)) continue;
            bool claimed_ = state == JobState.Claimed || state == JobState.Disputed;
            uint256 exit = claimed_ ? uint256(distribution.claimOf(jobId).until) + 1 : market.expiresAt(jobId);
            vm.assertTrue(exit > 0, "no exit");
            vm.assertLe(exit, vm.getBlockTimestamp() + 400 days, "exit too far");
            if (claimed_) {
                Service memory service = market.service(jobId);
                vm.assertLe(distribution.claimOf(jobId).amount.raw(), service.escrow.raw(), "claim above escrow");
            }
        }
    }

    /// @dev A job that is over never changes again.
    function invariant_overIsOver() public view {
        for (uint256 i = 0; i < handler.endedCount(); i++) {
            uint256 id = handler.endedJobs(i);
            vm.assertTrue(keccak256(abi.encode(market.job(JobId.wrap(id)))) == handler.ended(id), "changed");
        }
        vm.assertEq(bytes(handler.broken()).length, 0, handler.broken());
    }

    /// @dev At the end of each run everything is brought to its owners by calls of a stranger, and nothing is left.
    function afterInvariant() public {
        uint256 count = market.jobCount();
        for (uint256 i = 1; i <= count; i++) {
            JobId jobId = JobId.wrap(i);
            // At most three rounds of opening again, then one end.
            for (uint256 step = 0; step < 8 && live(stateOf(jobId)); step++) {
                JobState state = stateOf(jobId);
                if (state == JobState.Claimed || state == JobState.Disputed) {
                    uint256 until = distribution.claimOf(jobId).until;
                    if (until >= vm.getBlockTimestamp()) vm.warp(until + 1);
                    distribution.finalize(jobId);
                } else {
                    uint256 due = market.expiresAt(jobId);
                    if (due > vm.getBlockTimestamp()) vm.warp(due);
                    market.expire(jobId);
                }
            }
            vm.assertFalse(live(stateOf(jobId)));
        }
        if (market.unburnedFees().raw() > 0) market.burnFees();
        vm.assertEq(balance(address(market)), 0, "market not empty");
        vm.assertEq(balance(address(distribution)), 0, "distribution not empty");
        for (uint256 i = 0; i < handler.nodeCount(); i++) {
            vm.assertEq(registry.node(handler.nodeAt(i)).locked.raw(), 0, "still locked");
        }
    }

    function needOf(Job memory job) private pure returns (Capacity memory) {
        return Capacity({
            millicores: job.millicores,
            mebibytes: job.mebibytes,
            gpus: job.gpus,
            gpuModel: job.gpuModel,
            region: job.region,
            labels: job.labels
        });
    }

    function live(JobState state) private pure returns (bool) {
        return state != JobState.None && state != JobState.Settled && state != JobState.Cancelled;
    }
}
