// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {NodeRegistry} from "../../src/NodeRegistry.sol";
import {JobTerms} from "../../src/interfaces/IComputeMarket.sol";
import {Eligibility, INodeRegistry, RegistryParameters} from "../../src/interfaces/INodeRegistry.sol";
import {Capacity} from "../../src/types/Capacity.sol";
import {Amount, AmountTooLarge, JobId} from "../../src/types/Values.sol";
import {MarketFixture} from "../support/MarketFixture.sol";

/// @notice What is just enough is enough: stakes, capacities and reputation at their limits.
contract LimitsTest is MarketFixture {
    uint256 private constant NEW_KEY = 0xb1;
    address private newcomer = vm.addr(NEW_KEY);

    function test_stakeThatIsJustEnough() public {
        uint96 least = uint96(registry.requiredStake(capacity()).raw());
        fund(newcomer, 20_000 ether);
        bytes memory signature = signWireGuard(NEW_KEY, bytes32(uint256(1)), 1);
        vm.startPrank(newcomer);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.StakeTooLow.selector, uint256(least) - 1, uint256(least)));
        registry.register(capacity(), Amount.wrap(least - 1), address(0), bytes32(uint256(1)), signature);
        registry.register(capacity(), Amount.wrap(least), address(0), bytes32(uint256(1)), signature);
        vm.stopPrank();
        // All that it offers may be asked for, with an escrow of which half is just the stake.
        check(newcomer, capacity(), Amount.wrap(2 * least), Eligibility.Eligible);
        check(newcomer, capacity(), Amount.wrap(2 * least + 2), Eligibility.StakeLocked);
    }

    function test_stakeThatJustIsAnAmount() public {
        RegistryParameters memory parameters = registryParameters();
        parameters.stakePerMillicore = Amount.wrap(type(uint96).max);
        parameters.stakePerMebibyte = Amount.wrap(1);
        NodeRegistry dear = new NodeRegistry(token, address(market), parameters);
        Capacity memory most = capacity();
        (most.millicores, most.mebibytes, most.gpus) = (1, 0, 0);
        vm.assertEq(dear.requiredStake(most).raw(), type(uint96).max);
        most.mebibytes = 1;
        vm.expectRevert(abi.encodeWithSelector(AmountTooLarge.selector, uint256(type(uint96).max) + 1));
        dear.requiredStake(most);
    }

    function test_stakeThatOtherJobsHoldDoesNotCount() public {
        uint256 lock = 30.24 ether;
        uint256 least = registry.requiredStake(capacity()).raw();
        vm.startPrank(node);
        registry.unbond(Amount.wrap(uint96(10_000 ether - least)));
        vm.stopPrank();
        Capacity memory need = terms().need;
        uint96 escrow = uint96(2 * (least - lock));
        check(node, need, Amount.wrap(escrow + 2), Eligibility.Eligible);
        assigned(terms());
        vm.assertEq(registry.node(node).locked.raw(), lock);
        check(node, need, Amount.wrap(escrow), Eligibility.Eligible);
        check(node, need, Amount.wrap(escrow + 2), Eligibility.StakeLocked);
    }

    function test_exitWithoutStakeUnbondsNothing() public {
        vm.startPrank(node);
        registry.unbond(STAKE);
        uint256 ready = registry.node(node).unbondedAt;
        vm.warp(vm.getBlockTimestamp() + 1 days);
        registry.exit();
        vm.assertEq(registry.node(node).unbondedAt, ready);
        vm.stopPrank();
    }

    /// @dev A small escrow is covered by the stake alone.
    function test_coveredByStake() public {
        JobTerms memory t = terms();
        t.covered = true;
        t.escrow = Amount.wrap(20 ether);
        assigned(t);
        vm.assertEq(registry.node(node).locked.raw(), 30.24 ether);
        vm.assertEq(registry.node(node).pledged.raw(), 0);
        (Amount stake, Amount pledge) = registry.quote(t.need, Amount.wrap(30.24 ether), true);
        vm.assertEq(stake.raw(), 30.24 ether);
        vm.assertEq(pledge.raw(), 0);
    }

    /// @dev With just the reputation that is asked for; and who has pledged more than is left may still serve what is not covered.
    function test_pledgeUpToTheLastOfTheReputation() public {
        JobTerms memory t = terms();
        t.need.millicores = 1;
        t.need.mebibytes = 1;
        for (uint256 i = 0; i < 50; i++) {
            t.bidDeadline = uint32(vm.getBlockTimestamp() + 600);
            JobId served = running(t);
            vm.warp(vm.getBlockTimestamp() + 3600);
            settle(node, receipt(served, 3600, 18 ether, true));
        }
        vm.assertEq(registry.node(node).reputation.raw(), 18 ether);
        t.covered = true;
        t.bidDeadline = uint32(vm.getBlockTimestamp() + 600);
        assigned(t);
        vm.assertEq(registry.node(node).pledged.raw(), 18 ether);
        t.covered = false;
        JobId missed = assigned(t);
        vm.warp(market.expiresAt(missed));
        market.expire(missed);
        vm.assertEq(registry.node(node).reputation.raw(), 9 ether);
        vm.assertTrue(registry.eligibility(node, t.need, Amount.wrap(1 ether), false) == Eligibility.Eligible);
        vm.assertTrue(registry.eligibility(node, t.need, Amount.wrap(1 ether), true) == Eligibility.ReputationTooLow);
    }

    function check(address who, Capacity memory need, Amount escrow, Eligibility expected) private view {
        vm.assertEq(uint256(registry.eligibility(who, need, escrow, false)), uint256(expected));
    }
}
