// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Bid, IComputeMarket, Job, JobState, JobTerms, Service} from "../../src/interfaces/IComputeMarket.sol";
import {INodeRegistry, Node} from "../../src/interfaces/INodeRegistry.sol";
import {IRewardDistribution} from "../../src/interfaces/IRewardDistribution.sol";
import {Receipt} from "../../src/libraries/ReceiptVerifier.sol";
import {Capacity} from "../../src/types/Capacity.sol";
import {Fault} from "../../src/types/Fault.sol";
import {Amount, JobId, Rate} from "../../src/types/Values.sol";
import {EventLedger} from "../support/EventLedger.sol";
import {MarketFixture} from "../support/MarketFixture.sol";
import {Vm} from "../support/TestBase.sol";

/// @notice From the events alone an indexer can make every state again: after each step of everything that can happen, what the
/// events tell is compared with what the getters say. Only the order of a lowest-bid job's list is not told.
contract EventsTest is MarketFixture {
    EventLedger private ledger;
    /// @dev Nodes that were ever registered.
    address[] private nodes;

    function setUp() public override {
        ledger = new EventLedger();
        vm.recordLogs();
        super.setUp();
        nodes = [node, node2];
        compare();
    }

    function test_nodes() public {
        vm.startPrank(node);
        registry.addStake(Amount.wrap(5 ether));
        compare();
        registry.setDelegate(address(0));
        registry.setDelegate(stranger);
        compare();
        registry.setWireGuardKey(bytes32(uint256(77)), signWireGuard(NODE_KEY, bytes32(uint256(77)), 2));
        compare();
        registry.pause(node);
        compare();
        Capacity memory other = Capacity(1, 2, 1, 3, 4, 5);
        registry.setCapacity(other);
        compare();
        registry.resume(node);
        compare();
        registry.unbond(Amount.wrap(7 ether));
        registry.unbond(Amount.wrap(2 ether));
        compare();
        registry.cancelUnbonding();
        compare();
        registry.exit();
        compare();
        vm.warp(vm.getBlockTimestamp() + UNBONDING);
        registry.withdraw();
        vm.stopPrank();
        compare();
        registerNode(NODE_KEY, delegate);
        compare();
        saw(
            INodeRegistry.NodeRegistered.selector,
            INodeRegistry.DelegateSet.selector,
            INodeRegistry.WireGuardKeySet.selector
        );
        saw(
            INodeRegistry.StakeAdded.selector,
            INodeRegistry.Unbonding.selector,
            INodeRegistry.UnbondingCancelled.selector
        );
        saw(
            INodeRegistry.StakeWithdrawn.selector, INodeRegistry.NodePaused.selector, INodeRegistry.NodeResumed.selector
        );
        saw(INodeRegistry.NodeExited.selector, INodeRegistry.NodeExited.selector, INodeRegistry.NodeExited.selector);
    }

    function test_biddingAndRounds() public {
        JobTerms memory t = terms();
        t.need.gpus = 1;
        t.need.gpuModel = 0x1234;
        t.need.region = 276;
        t.need.labels = 5;
        t.availabilityBps = 9000;
        JobId jobId = post(t);
        bid(jobId, node, RATE);
        compare();
        bid(jobId, node, HALF);
        bid(jobId, node2, RATE);
        compare();
        vm.prank(node2);
        market.withdrawBid(jobId, node2);
        compare();
        vm.prank(developer);
        market.accept(jobId, node, RATE);
        compare();
        vm.prank(node);
        market.decline(jobId);
        compare();
        vm.assertEq(ledger.seen(INodeRegistry.Slashed.selector), 0, "nothing was slashed");
        bid(jobId, node2, HALF);
        vm.prank(developer);
        market.accept(jobId, node2, RATE);
        compare();
        vm.warp(market.expiresAt(jobId));
        market.expire(jobId);
        compare();
        registerNode(0xb1, address(0));
        nodes.push(vm.addr(0xb1));
        bid(jobId, nodes[2], HALF);
        vm.prank(developer);
        market.accept(jobId, nodes[2], RATE);
        vm.prank(nodes[2]);
        market.decline(jobId);
        compare();
        assertState(jobId, JobState.Cancelled);
        jobId = post(terms());
        vm.prank(developer);
        market.cancel(jobId);
        jobId = post(terms());
        compare();
        vm.warp(market.expiresAt(jobId));
        market.expire(jobId);
        compare();
        saw(IComputeMarket.JobPosted.selector, IComputeMarket.BidPlaced.selector, IComputeMarket.BidRemoved.selector);
        saw(
            IComputeMarket.JobAssigned.selector,
            IComputeMarket.JobReopened.selector,
            IComputeMarket.JobCancelled.selector
        );
        saw(INodeRegistry.NodeFaulted.selector, INodeRegistry.Slashed.selector, INodeRegistry.Slashed.selector);
    }

    function test_lowestBidAndDisplacement() public {
        JobId jobId = postLowest();
        for (uint256 i = 0; i < 16; i++) {
            registerNode(0x1000 + i, address(0));
            nodes.push(vm.addr(0x1000 + i));
            bid(jobId, nodes[nodes.length - 1], Rate.wrap(uint96(0.004 ether + i)));
        }
        compare();
        bid(jobId, node, Rate.wrap(0.003 ether));
        compare();
        vm.prank(nodes[5]);
        market.withdrawBid(jobId, nodes[5]);
        bid(jobId, node2, RATE);
        compare();
        vm.warp(vm.getBlockTimestamp() + 601);
        market.assignLowest(jobId);
        compare();
    }

    function test_serviceAndReceipt() public {
        JobId jobId = running(terms());
        compare();
        vm.startPrank(developer);
        bytes memory consent = signExtension(jobId, 9000);
        market.extend(jobId, 9000, Amount.wrap(1 ether), consent);
        compare();
        market.topUp(jobId, Amount.wrap(2 ether));
        compare();
        vm.warp(vm.getBlockTimestamp() + 50);
        market.stop(jobId);
        vm.stopPrank();
        compare();
        settle(node, receipt(jobId, 50, 0.2 ether, false));
        compare();
        market.burnFees();
        compare();
        saw(IComputeMarket.JobStarted.selector, IComputeMarket.JobFunded.selector, IComputeMarket.JobStopped.selector);
        saw(
            IComputeMarket.JobSettled.selector,
            IComputeMarket.FeesBurned.selector,
            IRewardDistribution.ReceiptSettled.selector
        );
    }

    function test_claimsAndDisputes() public {
        JobId jobId = claimed(terms(), 3000);
        compare();
        vm.warp(distribution.claimOf(jobId).until + 1);
        distribution.finalize(jobId);
        compare();
        for (uint256 i = 0; i < 4; i++) {
            jobId = disputed(terms(), 3600);
            compare();
            if (i == 0) decide(jobId, 18 ether, 0);
            if (i == 1) decide(jobId, 4 ether, 5000);
            if (i == 2) settle(stranger, receipt(jobId, 100, 0.1 ether, true));
            if (i == 3) {
                vm.warp(distribution.claimOf(jobId).until + 1);
                distribution.finalize(jobId);
            }
            compare();
        }
        saw(
            IRewardDistribution.Claimed.selector,
            IRewardDistribution.Disputed.selector,
            IRewardDistribution.Decided.selector
        );
        saw(
            IRewardDistribution.Finalized.selector,
            IRewardDistribution.BondReleased.selector,
            IComputeMarket.JobClaimed.selector
        );
        saw(IComputeMarket.JobDisputed.selector, INodeRegistry.NodeFaulted.selector, INodeRegistry.Slashed.selector);
    }

    function test_abandonedAndStoppedByTheNode() public {
        JobId jobId = running(terms());
        vm.warp(vm.getBlockTimestamp() + 50);
        vm.prank(delegate);
        market.stop(jobId);
        compare();
        vm.warp(market.expiresAt(jobId));
        market.expire(jobId);
        compare();
    }

    /// @dev A covered job pledges reputation as well.
    function test_pledge() public {
        JobTerms memory t = terms();
        t.need.millicores = 1;
        t.need.mebibytes = 1;
        for (uint256 i = 0; i < 50; i++) {
            t.bidDeadline = uint32(vm.getBlockTimestamp() + 600);
            JobId first = running(t);
            vm.warp(vm.getBlockTimestamp() + 3600);
            settle(node, receipt(first, 3600, 18 ether, true));
        }
        t.covered = true;
        t.bidDeadline = uint32(vm.getBlockTimestamp() + 600);
        JobId jobId = assigned(t);
        vm.assertEq(registry.node(node).pledged.raw(), 18 ether);
        compare();
        vm.prank(node);
        market.decline(jobId);
        compare();
    }

    /// @dev What the events say that no getter does: sums for the people who read them.
    function test_sumsInEvents() public {
        JobId jobId = running(terms());
        vm.warp(vm.getBlockTimestamp() + 1800);
        Receipt memory last = receipt(jobId, 1800, 9 ether, false);
        vm.expectEmit(true, true, true, true, address(distribution));
        emit IRewardDistribution.ReceiptSettled(jobId, 1800, last.usageRoot);
        vm.expectEmit(true, true, true, true, address(market));
        emit IComputeMarket.JobSettled(
            jobId, node, Amount.wrap(8.82 ether), Amount.wrap(27 ether), Amount.wrap(0.18 ether), Fault.None
        );
        settle(node, last);

        jobId = disputed(terms(), 3600);
        vm.expectEmit(true, true, true, true, address(distribution));
        emit IRewardDistribution.Decided(jobId, Amount.wrap(18 ether), Amount.wrap(18 ether), 0);
        vm.expectEmit(true, true, true, true, address(distribution));
        emit IRewardDistribution.BondReleased(jobId, Amount.wrap(0), Amount.wrap(5 ether), Amount.wrap(5 ether));
        decide(jobId, 18 ether, 0);

        jobId = disputed(terms(), 3600);
        vm.expectEmit(true, true, true, true, address(distribution));
        emit IRewardDistribution.BondReleased(jobId, Amount.wrap(10 ether), Amount.wrap(0), Amount.wrap(0));
        vm.expectEmit(true, true, true, true, address(registry));
        emit INodeRegistry.Slashed(node, developer, Amount.wrap(7.56 ether), Amount.wrap(7.56 ether));
        decide(jobId, 4 ether, 5000);

        jobId = disputed(terms(), 3600);
        vm.warp(distribution.claimOf(jobId).until + 1);
        vm.expectEmit(true, true, true, true, address(distribution));
        emit IRewardDistribution.Finalized(jobId, Amount.wrap(18 ether), Amount.wrap(9 ether));
        distribution.finalize(jobId);

        jobId = running(terms());
        vm.expectEmit(true, true, true, true, address(market));
        emit IComputeMarket.JobFunded(
            jobId, Amount.wrap(0), Amount.wrap(36 ether), 7000, uint32(vm.getBlockTimestamp() + 7000)
        );
        bytes memory consent = signExtension(jobId, 7000);
        vm.prank(developer);
        market.extend(jobId, 7000, Amount.wrap(0), consent);
    }

    // ---- help

    function decide(JobId jobId, uint96 award, uint16 slashBps) private {
        vm.prank(arbiter);
        distribution.decide(jobId, Amount.wrap(award), slashBps);
    }

    function signExtension(JobId jobId, uint32 duration) private view returns (bytes memory) {
        bytes32 typehash = keccak256("Extension(uint256 jobId,uint32 maxDuration)");
        return sign(NODE_KEY, market.DOMAIN_SEPARATOR(), keccak256(abi.encode(typehash, jobId, duration)));
    }

    function saw(bytes32 a, bytes32 b, bytes32 c) private view {
        vm.assertTrue(ledger.seen(a) > 0 && ledger.seen(b) > 0 && ledger.seen(c) > 0, "an event was never emitted");
    }

    /// @dev Reads what happened since the last time, and compares everything.
    function compare() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].emitter != address(token)) ledger.read(logs[i]);
        }
        for (uint256 i = 0; i < nodes.length; i++) {
            Node memory held = registry.node(nodes[i]);
            vm.assertEq(keccak256(abi.encode(ledger.node(nodes[i]))), keccak256(abi.encode(held)));
        }
        for (uint256 i = 1; i <= market.jobCount(); i++) {
            compareJob(JobId.wrap(i));
        }
        vm.assertEq(ledger.unburnedFees().raw(), market.unburnedFees().raw());
    }

    function compareJob(JobId jobId) private view {
        Job memory held = market.job(jobId);
        Job memory told = ledger.job(jobId);
        told.listed = held.listed;
        vm.assertEq(keccak256(abi.encode(told)), keccak256(abi.encode(held)));
        vm.assertEq(keccak256(abi.encode(ledger.amendment(jobId))), keccak256(abi.encode(market.amendment(jobId))));
        vm.assertEq(keccak256(abi.encode(ledger.claimOf(jobId))), keccak256(abi.encode(distribution.claimOf(jobId))));
        Service memory service = market.service(jobId);
        if (service.startedAt != 0) vm.assertEq(ledger.endsAt(jobId), service.endsAt);
        vm.assertEq(keccak256(ledger.specCid(jobId)), keccak256(CID));
        for (uint256 i = 0; i < nodes.length; i++) {
            Bid memory bid_ = market.bidOf(jobId, nodes[i]);
            Bid memory known = ledger.bidOf(jobId, nodes[i]);
            vm.assertTrue(bid_.rate == known.rate && bid_.barred == known.barred, "bid");
            if (!(bid_.rate == Rate.wrap(0))) vm.assertEq(bid_.validUntil, known.validUntil);
        }
    }
}
