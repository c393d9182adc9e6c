// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {NodeRegistry} from "../../src/NodeRegistry.sol";
import {OTT} from "../../src/OTT.sol";
import {IComputeMarket, JobTerms} from "../../src/interfaces/IComputeMarket.sol";
import {Eligibility, INodeRegistry, Node, NodeStatus} from "../../src/interfaces/INodeRegistry.sol";
import {IOTT} from "../../src/interfaces/IOTT.sol";
import {Capacity} from "../../src/types/Capacity.sol";
import {Fault} from "../../src/types/Fault.sol";
import {Amount, JobId, Rate} from "../../src/types/Values.sol";
import {MarketFixture} from "../support/MarketFixture.sol";

/// @notice Stake, keys and eligibility of nodes.
contract NodesTest is MarketFixture {
    uint256 private constant NEW_KEY = 0xb1;
    address private newcomer = vm.addr(NEW_KEY);

    function test_registerKeepsEverything() public view {
        Node memory record = registry.node(node);
        vm.assertEq(record.stake.raw(), 10_000 ether);
        vm.assertEq(record.delegate, delegate);
        vm.assertEq(record.wireGuardKey, bytes32(NODE_KEY));
        vm.assertEq(record.keyEpoch, 1);
        vm.assertEq(record.millicores, 16_000);
        vm.assertEq(record.gpuModel, 0x1234);
        vm.assertTrue(record.status == NodeStatus.Active);
        vm.assertEq(registry.delegateOf(node), delegate);
        vm.assertEq(registry.requiredStake(capacity()).raw(), 160 ether + 163.84 ether + 1000 ether);
    }

    function test_registerRefusals() public {
        fund(newcomer, 20_000 ether);
        bytes memory good = signWireGuard(NEW_KEY, bytes32(uint256(1)), 1);
        Capacity memory c = capacity();
        vm.prank(node);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.AlreadyRegistered.selector, node));
        registry.register(c, STAKE, address(0), bytes32(uint256(1)), good);
        vm.startPrank(newcomer);
        vm.expectRevert(
            abi.encodeWithSelector(INodeRegistry.StakeTooLow.selector, uint256(1 ether), uint256(1323.84 ether))
        );
        registry.register(c, Amount.wrap(1 ether), address(0), bytes32(uint256(1)), good);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.InvalidDelegate.selector, newcomer));
        registry.register(c, STAKE, newcomer, bytes32(uint256(1)), good);
        vm.expectRevert(INodeRegistry.NoKey.selector);
        registry.register(c, STAKE, address(0), bytes32(0), good);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.InvalidKeySignature.selector, newcomer, 1));
        registry.register(c, STAKE, address(0), bytes32(uint256(2)), good);
        c.millicores = 0;
        vm.expectRevert(INodeRegistry.NoCapacity.selector);
        registry.register(c, STAKE, address(0), bytes32(uint256(1)), good);
        c = capacity();
        c.mebibytes = 0;
        vm.expectRevert(INodeRegistry.NoCapacity.selector);
        registry.register(c, STAKE, address(0), bytes32(uint256(1)), good);
        vm.stopPrank();
    }

    function test_unregisteredCannotActAsNode() public {
        bytes memory refusal = abi.encodeWithSelector(INodeRegistry.NotNode.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        registry.setCapacity(capacity());
        vm.expectRevert(refusal);
        registry.setDelegate(address(1));
        vm.expectRevert(refusal);
        registry.setWireGuardKey(bytes32(uint256(1)), "");
        vm.expectRevert(refusal);
        registry.addStake(Amount.wrap(1));
        vm.expectRevert(refusal);
        registry.unbond(Amount.wrap(1));
        vm.expectRevert(refusal);
        registry.cancelUnbonding();
        vm.expectRevert(refusal);
        registry.exit();
        vm.expectRevert(refusal);
        registry.pause(node);
        vm.expectRevert(refusal);
        registry.pause(stranger);
        vm.expectRevert(refusal);
        registry.resume(node);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.InvalidAmount.selector, 0, 0));
        registry.withdraw();
        vm.stopPrank();
    }

    function test_delegateNeverMovesMoney() public {
        bytes memory refusal = abi.encodeWithSelector(INodeRegistry.NotNode.selector, delegate);
        vm.startPrank(delegate);
        vm.expectRevert(refusal);
        registry.unbond(Amount.wrap(1));
        vm.expectRevert(refusal);
        registry.exit();
        vm.expectRevert(refusal);
        registry.setDelegate(address(1));
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.InvalidAmount.selector, 0, 0));
        registry.withdraw();
        registry.pause(node);
        registry.resume(node);
        vm.stopPrank();
    }

    function test_wireGuardKeyRotates() public {
        bytes memory signature = signWireGuard(NODE_KEY, bytes32(uint256(77)), 2);
        vm.startPrank(node);
        registry.setWireGuardKey(bytes32(uint256(77)), signature);
        vm.assertEq(registry.node(node).wireGuardKey, bytes32(uint256(77)));
        // The same binding cannot be replayed.
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.InvalidKeySignature.selector, node, 3));
        registry.setWireGuardKey(bytes32(uint256(77)), signature);
        vm.stopPrank();
    }

    function test_setDelegate() public {
        vm.startPrank(node);
        registry.setDelegate(address(0));
        vm.assertFalse(registry.isOperator(node, delegate));
        vm.assertFalse(registry.isOperator(node, address(0)));
        vm.assertTrue(registry.isOperator(node, node));
        vm.stopPrank();
    }

    function test_unbondWaitsAndPays() public {
        vm.startPrank(node);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.InvalidAmount.selector, 0, uint256(10_000 ether)));
        registry.unbond(Amount.wrap(0));
        registry.unbond(Amount.wrap(4000 ether));
        uint256 ready = vm.getBlockTimestamp() + UNBONDING;
        vm.warp(ready - 1);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.StillUnbonding.selector, ready));
        registry.withdraw();
        vm.warp(ready);
        uint256 before = balance(node);
        registry.withdraw();
        vm.assertEq(balance(node) - before, 4000 ether);
        vm.assertEq(registry.node(node).stake.raw(), 6000 ether);
        vm.stopPrank();
    }

    function test_lockedStakeCannotBeUnbonded() public {
        assigned(terms());
        vm.startPrank(node);
        uint256 free = 10_000 ether - 30.24 ether;
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.InvalidAmount.selector, free + 1, free));
        registry.unbond(Amount.wrap(uint96(free + 1)));
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.JobsRunning.selector, uint256(30.24 ether)));
        registry.exit();
        registry.unbond(Amount.wrap(uint96(free)));
        vm.stopPrank();
    }

    function test_unbondingCanBeCancelled() public {
        vm.startPrank(node);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.InvalidAmount.selector, 0, 0));
        registry.cancelUnbonding();
        registry.unbond(Amount.wrap(1 ether));
        registry.cancelUnbonding();
        vm.assertEq(registry.node(node).stake.raw(), 10_000 ether);
        vm.stopPrank();
    }

    function test_addStake() public {
        vm.startPrank(node);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.InvalidAmount.selector, 0, 0));
        registry.addStake(Amount.wrap(0));
        registry.addStake(Amount.wrap(5 ether));
        vm.assertEq(registry.node(node).stake.raw(), 10_005 ether);
        vm.stopPrank();
    }

    function test_exitAndReturn() public {
        vm.startPrank(node);
        registry.exit();
        vm.assertTrue(registry.node(node).status == NodeStatus.None);
        vm.warp(vm.getBlockTimestamp() + UNBONDING);
        registry.withdraw();
        vm.stopPrank();
        registerNode(NODE_KEY, delegate);
        vm.assertEq(registry.node(node).keyEpoch, 2);
        vm.prank(node);
        registry.unbond(STAKE);
        vm.prank(node);
        registry.exit();
        vm.assertEq(registry.node(node).unbonding.raw(), 10_000 ether);
    }

    function test_eligibility() public {
        Capacity memory need = terms().need;
        check(need, Eligibility.Eligible);
        vm.assertTrue(registry.eligibility(stranger, need, Amount.wrap(1), false) == Eligibility.NotRegistered);
        need.millicores = 16_001;
        check(need, Eligibility.TooSmall);
        need = terms().need;
        need.mebibytes = 32_769;
        check(need, Eligibility.TooSmall);
        need = terms().need;
        need.gpus = 3;
        check(need, Eligibility.TooSmall);
        need = terms().need;
        need.gpuModel = 1;
        check(need, Eligibility.OtherGpuModel);
        need.gpuModel = 0x1234;
        need.region = 1;
        check(need, Eligibility.OtherRegion);
        need.region = 276;
        need.labels = 8;
        check(need, Eligibility.LabelMissing);
        need.labels = 5;
        check(need, Eligibility.Eligible);
        vm.assertTrue(registry.eligibility(node, need, Amount.wrap(20_001 ether), false) == Eligibility.StakeLocked);
        vm.assertTrue(registry.eligibility(node, need, Amount.wrap(4000 ether), true) == Eligibility.ReputationTooLow);
        vm.startPrank(node);
        registry.unbond(Amount.wrap(9000 ether));
        check(need, Eligibility.StakeBelowCapacity);
        registry.pause(node);
        check(need, Eligibility.Paused);
        vm.stopPrank();
    }

    /// @dev A covered job holds reputation; what is pledged cannot back a second job.
    function test_reputationIsPledgedOnce() public {
        JobTerms memory t = terms();
        t.need.millicores = 1;
        t.need.mebibytes = 1;
        earn(t, 50);
        // Each job of 36 OTT locks 18 of stake and wants 18 of reputation.
        vm.assertEq(registry.node(node).reputation.raw(), 18 ether);
        t.covered = true;
        t.bidDeadline = uint32(vm.getBlockTimestamp() + 600);
        JobId first = post(t);
        JobId second = post(t);
        bid(first, node, RATE);
        bid(second, node, RATE);
        vm.startPrank(developer);
        market.accept(first, node, RATE);
        vm.assertEq(registry.node(node).pledged.raw(), 18 ether);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.Ineligible.selector, node, Eligibility.ReputationTooLow));
        market.accept(second, node, RATE);
        vm.stopPrank();
        vm.prank(node);
        market.decline(first);
        vm.assertEq(registry.node(node).pledged.raw(), 0);
        vm.assertEq(registry.node(node).reputation.raw(), 13.5 ether);
    }

    /// @dev What reputation costs somebody who deals with itself: exactly the fees, one for one.
    function test_selfDealingBurnsWhatItEarns() public {
        uint256 before = balance(developer) + balance(node);
        JobTerms memory t = terms();
        t.need.millicores = 1;
        t.need.mebibytes = 1;
        earn(t, 10);
        vm.assertEq(before - balance(developer) - balance(node), registry.node(node).reputation.raw());
    }

    function test_absenceHalvesReputation() public {
        JobTerms memory t = terms();
        earn(t, 10);
        t.bidDeadline = uint32(vm.getBlockTimestamp() + 600);
        JobId jobId = assigned(t);
        vm.warp(market.expiresAt(jobId));
        market.expire(jobId);
        vm.assertEq(registry.node(node).reputation.raw(), 1.8 ether);
    }

    function test_onlyTheMarketLocks() public {
        Capacity memory need = terms().need;
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NotMarket.selector, stranger));
        registry.lock(node, need, Amount.wrap(1), false);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NotMarket.selector, stranger));
        registry.release(node, need, Amount.wrap(1), false, Amount.wrap(0), Fault.False, 10_000, stranger);
        vm.stopPrank();
    }

    function test_amountsAreNarrowedSafely() public {
        Capacity memory most = Capacity(type(uint32).max, type(uint32).max, 255, 0, 0, 0);
        registry.requiredStake(most);
        OTT other = new OTT(address(this), type(uint96).max);
        vm.assertEq(other.totalSupply(), type(uint96).max);
        vm.expectRevert(abi.encodeWithSelector(IOTT.SupplyTooLarge.selector, uint256(type(uint96).max) + 1));
        new OTT(address(this), uint256(type(uint96).max) + 1);
    }

    function earn(JobTerms memory t, uint256 jobs) private {
        for (uint256 i = 0; i < jobs; i++) {
            t.bidDeadline = uint32(vm.getBlockTimestamp() + 600);
            JobId jobId = post(t);
            bid(jobId, node, RATE);
            vm.prank(developer);
            market.accept(jobId, node, RATE);
            vm.prank(node);
            market.start(jobId);
            vm.warp(vm.getBlockTimestamp() + 3600);
            settle(node, receipt(jobId, 3600, i < 50 ? 18 ether : 0, true));
        }
    }

    function check(Capacity memory need, Eligibility expected) private view {
        vm.assertEq(uint256(registry.eligibility(node, need, Amount.wrap(36 ether), false)), uint256(expected));
    }
}
