// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ComputeMarket} from "../../src/ComputeMarket.sol";
import {NodeRegistry} from "../../src/NodeRegistry.sol";
import {RewardDistribution} from "../../src/RewardDistribution.sol";
import {IComputeMarket, MarketParameters} from "../../src/interfaces/IComputeMarket.sol";
import {INodeRegistry, RegistryParameters} from "../../src/interfaces/INodeRegistry.sol";
import {IOTT} from "../../src/interfaces/IOTT.sol";
import {DistributionParameters, IRewardDistribution} from "../../src/interfaces/IRewardDistribution.sol";
import {Amount} from "../../src/types/Values.sol";
import {MarketFixture} from "../support/MarketFixture.sol";

/// @notice Constructors refuse parameters that make no sense.
contract ParametersTest is MarketFixture {
    IOTT private constant NO_TOKEN = IOTT(address(0x123));

    function test_registry() public {
        RegistryParameters memory p = registryParameters();
        refuseRegistry(NO_TOKEN, address(1), p, "token");
        refuseRegistry(token, address(0), p, "market");
        p.lockBps = 10_001;
        refuseRegistry(token, address(1), p, "lockBps");
        p.lockBps = 10_000;
        p.unbondingDelay = 0;
        refuseRegistry(token, address(1), p, "unbondingDelay");
        p.unbondingDelay = 1;
        vm.assertEq(this.newRegistry(token, address(1), p).market(), address(1));
    }

    function test_market() public {
        MarketParameters memory p = marketParameters();
        refuseMarket(NO_TOKEN, p, "token");
        refuseMarket(token, registry, address(1), p, "registry");
        refuseMarket(token, freshRegistry(1), address(0), p, "distribution");
        p.feeBps = 0;
        refuseMarket(token, p, "feeBps");
        p.feeBps = 10_001;
        refuseMarket(token, p, "feeBps");
        p = marketParameters();
        p.noShowBps = 10_001;
        refuseMarket(token, p, "noShowBps");
        p = marketParameters();
        p.acceptWindow = 0;
        refuseMarket(token, p, "acceptWindow");
        p = marketParameters();
        p.startWindow = 0;
        refuseMarket(token, p, "startWindow");
        p = marketParameters();
        p.rebidWindow = 0;
        refuseMarket(token, p, "rebidWindow");
        p = marketParameters();
        p.claimWindow = 0;
        refuseMarket(token, p, "claimWindow");
        p = marketParameters();
        p.minFundedSeconds = 0;
        refuseMarket(token, p, "minFundedSeconds");
        p = marketParameters();
        p.maxBidding = 0;
        refuseMarket(token, p, "maxBidding");
        p = marketParameters();
        p.maxDuration = 59;
        refuseMarket(token, p, "maxDuration");
    }

    /// @dev The largest and the smallest values that make sense, and that each is kept under its own name.
    function test_marketAtItsLimits() public {
        MarketParameters memory p = MarketParameters({
            feeBps: 10_000,
            noShowBps: 10_000,
            acceptWindow: 1,
            startWindow: 1,
            rebidWindow: 1,
            claimWindow: 1,
            minFundedSeconds: 1,
            maxBidding: 1,
            maxDuration: 1
        });
        ComputeMarket made = this.newMarket(token, freshRegistry(1), address(1), p);
        vm.assertEq(made.feeBps(), 10_000);
        p.feeBps = 1;
        (p.noShowBps, p.acceptWindow, p.startWindow, p.rebidWindow, p.claimWindow) = (2, 3, 4, 5, 6);
        (p.minFundedSeconds, p.maxBidding, p.maxDuration) = (7, 8, 9);
        made = this.newMarket(token, freshRegistry(1), address(0xd157), p);
        vm.assertEq(address(made.token()), address(token));
        vm.assertEq(made.registry().market(), address(made));
        vm.assertEq(made.distribution(), address(0xd157));
        vm.assertEq(made.feeBps(), 1);
        vm.assertEq(made.noShowBps(), 2);
        vm.assertEq(made.acceptWindow(), 3);
        vm.assertEq(made.startWindow(), 4);
        vm.assertEq(made.rebidWindow(), 5);
        vm.assertEq(made.claimWindow(), 6);
        vm.assertEq(made.minFundedSeconds(), 7);
        vm.assertEq(made.maxBidding(), 8);
        vm.assertEq(made.maxDuration(), 9);
    }

    function test_distribution() public {
        DistributionParameters memory p = distributionParameters();
        refuseDistribution(NO_TOKEN, market, arbiter, p, "token");
        refuseDistribution(token, IComputeMarket(address(1)), arbiter, p, "registry");
        refuseDistribution(token, market, address(0), p, "arbiter");
        p.disputeWindow = 0;
        refuseDistribution(token, market, arbiter, p, "disputeWindow");
        p = distributionParameters();
        p.decisionWindow = 0;
        refuseDistribution(token, market, arbiter, p, "decisionWindow");
        p = distributionParameters();
        p.bondBps = 10_001;
        refuseDistribution(token, market, arbiter, p, "bondBps");
        p = distributionParameters();
        p.minBond = Amount.wrap(0);
        refuseDistribution(token, market, arbiter, p, "minBond");
        // 2 + 2 + 10 days are as long as the unbonding delay.
        p = distributionParameters();
        p.decisionWindow = 10 days;
        refuseDistribution(token, market, arbiter, p, "unbondingDelay");
    }

    function test_distributionAtItsLimits() public {
        DistributionParameters memory p = DistributionParameters({
            disputeWindow: DISPUTE_WINDOW, decisionWindow: 10 days - 1, bondBps: 10_000, minBond: Amount.wrap(1)
        });
        RewardDistribution made = this.newDistribution(token, market, arbiter, p);
        vm.assertEq(address(made.token()), address(token));
        vm.assertEq(address(made.registry()), address(registry));
        vm.assertEq(address(made.market()), address(market));
        vm.assertEq(made.arbiter(), arbiter);
        vm.assertEq(made.disputeWindow(), DISPUTE_WINDOW);
        vm.assertEq(made.decisionWindow(), 10 days - 1);
        vm.assertEq(made.bondBps(), 10_000);
        vm.assertEq(made.minBond().raw(), 1);
        (p.disputeWindow, p.decisionWindow) = (1, 1);
        this.newDistribution(token, market, arbiter, p);
    }

    // ---- calls of its own for each creation: of `new` itself the test would end with the first revert that is expected

    function newRegistry(IOTT token_, address market_, RegistryParameters calldata p) external returns (NodeRegistry) {
        return new NodeRegistry(token_, market_, p);
    }

    function newMarket(IOTT token_, NodeRegistry registry_, address distribution_, MarketParameters calldata p)
        external
        returns (ComputeMarket)
    {
        return new ComputeMarket(token_, registry_, distribution_, p);
    }

    function newDistribution(IOTT token_, IComputeMarket market_, address arbiter_, DistributionParameters calldata p)
        external
        returns (RewardDistribution)
    {
        return new RewardDistribution(token_, registry, market_, arbiter_, p);
    }

    /// @dev A registry of the market that this contract creates after it.
    function freshRegistry(uint256 after_) private returns (NodeRegistry) {
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + after_);
        return new NodeRegistry(token, next, registryParameters());
    }

    function refuseRegistry(IOTT token_, address market_, RegistryParameters memory p, string memory name) private {
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.InvalidParameter.selector, name));
        this.newRegistry(token_, market_, p);
    }

    function refuseMarket(IOTT token_, MarketParameters memory p, string memory name) private {
        refuseMarket(token_, freshRegistry(1), address(1), p, name);
    }

    function refuseMarket(
        IOTT token_,
        NodeRegistry registry_,
        address distribution_,
        MarketParameters memory p,
        string memory name
    ) private {
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.InvalidParameter.selector, name));
        this.newMarket(token_, registry_, distribution_, p);
    }

    function refuseDistribution(
        IOTT token_,
        IComputeMarket market_,
        address arbiter_,
        DistributionParameters memory p,
        string memory name
    ) private {
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.InvalidParameter.selector, name));
        this.newDistribution(token_, market_, arbiter_, p);
    }
}
