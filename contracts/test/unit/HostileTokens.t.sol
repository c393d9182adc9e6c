// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ComputeMarket} from "../../src/ComputeMarket.sol";
import {IComputeMarket, JobState} from "../../src/interfaces/IComputeMarket.sol";
import {INodeRegistry} from "../../src/interfaces/INodeRegistry.sol";
import {IOTT} from "../../src/interfaces/IOTT.sol";
import {IRewardDistribution} from "../../src/interfaces/IRewardDistribution.sol";
import {TokenTransfer} from "../../src/libraries/TokenTransfer.sol";
import {Amount, JobId} from "../../src/types/Values.sol";
import {FeeToken, ReentrantToken, SilentToken} from "../support/HostileTokens.sol";
import {MarketFixture} from "../support/MarketFixture.sol";

/// @notice With a token that misbehaves the contracts refuse, or stay right.
contract HostileTokensTest is MarketFixture {
    function setUp() public override {
        vm.warp(1_800_000_000);
    }

    function test_feeOnTransferIsRefused() public {
        FeeToken hostile = new FeeToken();
        prepare(IOTT(address(hostile)));
        hostile.switchOn();
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(TokenTransfer.UnexpectedTransfer.selector, 36 ether, 35.64 ether));
        market.post(terms());
        vm.prank(node);
        vm.expectRevert(abi.encodeWithSelector(TokenTransfer.UnexpectedTransfer.selector, 1 ether, 0.99 ether));
        registry.addStake(Amount.wrap(1 ether));
    }

    function test_reentranceGainsNothing() public {
        ReentrantToken hostile = new ReentrantToken();
        prepare(IOTT(address(hostile)));
        JobId jobId = post(terms());
        uint256 before = balance(developer);
        // While the refund arrives, expiry is tried on the job that is being cancelled.
        hostile.arm(address(market), abi.encodeCall(IComputeMarket.expire, (jobId)));
        vm.prank(developer);
        market.cancel(jobId);
        vm.assertTrue(hostile.called());
        vm.assertFalse(hostile.succeeded());
        vm.assertEq(balance(developer) - before, 36 ether);

        jobId = disputed(terms(), 3600);
        hostile.arm(address(distribution), abi.encodeCall(IRewardDistribution.finalize, (jobId)));
        vm.prank(arbiter);
        distribution.decide(jobId, Amount.wrap(0), 10_000);
        vm.assertTrue(hostile.called());
        vm.assertFalse(hostile.succeeded());
        vm.assertEq(balance(address(distribution)), 0);
        vm.assertEq(balance(address(market)), 0);

        vm.startPrank(node);
        registry.unbond(Amount.wrap(1 ether));
        vm.warp(vm.getBlockTimestamp() + UNBONDING);
        hostile.arm(address(registry), abi.encodeCall(INodeRegistry.withdraw, ()));
        registry.withdraw();
        vm.stopPrank();
        vm.assertTrue(hostile.called());
        vm.assertFalse(hostile.succeeded());
    }

    function test_settlementCannotBeReentered() public {
        ReentrantToken hostile = new ReentrantToken();
        prepare(IOTT(address(hostile)));
        JobId jobId = running(terms());
        vm.warp(vm.getBlockTimestamp() + 100);
        hostile.arm(address(market), abi.encodeCall(IComputeMarket.expire, (jobId)));
        settle(node, receipt(jobId, 100, 0.5 ether, true));
        vm.assertTrue(hostile.called());
        vm.assertFalse(hostile.succeeded());
        vm.assertEq(balance(address(market)), 0.01 ether);
    }

    function test_silentTokenWorks() public {
        prepare(IOTT(address(new SilentToken())));
        JobId jobId = running(terms());
        vm.warp(vm.getBlockTimestamp() + 100);
        uint256 before = balance(node);
        settle(node, receipt(jobId, 100, 0.5 ether, true));
        assertState(jobId, JobState.Settled);
        vm.assertEq(balance(node) - before, 0.49 ether);
        market.burnFees();
        vm.assertEq(balance(address(market)), 0);
    }

    function prepare(IOTT hostile) private {
        deploy(hostile);
        give(developer, 1_000_000 ether);
        give(node, 20_000 ether);
        bytes memory signature = signWireGuard(NODE_KEY, bytes32(NODE_KEY), 1);
        vm.prank(node);
        registry.register(capacity(), STAKE, delegate, bytes32(NODE_KEY), signature);
    }

    /// @dev Without the return values that the interface promises.
    function give(address who, uint256 value) private {
        call(abi.encodeCall(token.transfer, (who, value)));
        vm.startPrank(who);
        call(abi.encodeCall(token.approve, (address(registry), type(uint256).max)));
        call(abi.encodeCall(token.approve, (address(market), type(uint256).max)));
        call(abi.encodeCall(token.approve, (address(distribution), type(uint256).max)));
        vm.stopPrank();
    }

    function call(bytes memory data) private {
        (bool ok,) = address(token).call(data);
        vm.assertTrue(ok);
    }
}
