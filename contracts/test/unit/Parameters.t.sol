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
        refuseRegistry("token");
        new NodeRegistry(NO_TOKEN, address(1), p);
        refuseRegistry("market");
        new NodeRegistry(token, address(0), p);
        p.lockBps = 10_001;
        refuseRegistry("lockBps");
        new NodeRegistry(token, address(1), p);
        p = registryParameters();
        p.unbondingDelay = 0;
        refuseRegistry("unbondingDelay");
        new NodeRegistry(token, address(1), p);
    }

    function test_market() public {
        MarketParameters memory p = marketParameters();
        refuseMarket(NO_TOKEN, p, "token");
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.InvalidParameter.selector, "registry"));
        new ComputeMarket(token, registry, address(1), p);
        uint256 next = vm.getNonce(address(this)) + 1;
        NodeRegistry fresh = new NodeRegistry(token, vm.computeCreateAddress(address(this), next), registryParameters());
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.InvalidParameter.selector, "distribution"));
        new ComputeMarket(token, fresh, address(0), p);
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

    function test_distribution() public {
        DistributionParameters memory p = distributionParameters();
        refuseDistribution("token");
        new RewardDistribution(NO_TOKEN, registry, market, arbiter, p);
        refuseDistribution("registry");
        new RewardDistribution(token, registry, IComputeMarket(address(1)), arbiter, p);
        refuseDistribution("arbiter");
        new RewardDistribution(token, registry, market, address(0), p);
        p.disputeWindow = 0;
        refuseDistribution("disputeWindow");
        new RewardDistribution(token, registry, market, arbiter, p);
        p = distributionParameters();
        p.decisionWindow = 0;
        refuseDistribution("decisionWindow");
        new RewardDistribution(token, registry, market, arbiter, p);
        p = distributionParameters();
        p.bondBps = 10_001;
        refuseDistribution("bondBps");
        new RewardDistribution(token, registry, market, arbiter, p);
        p = distributionParameters();
        p.minBond = Amount.wrap(0);
        refuseDistribution("minBond");
        new RewardDistribution(token, registry, market, arbiter, p);
        // 2 + 2 + 10 days are as long as the unbonding delay.
        p = distributionParameters();
        p.decisionWindow = 10 days;
        refuseDistribution("unbondingDelay");
        new RewardDistribution(token, registry, market, arbiter, p);
    }

    function refuseRegistry(string memory name) private {
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.InvalidParameter.selector, name));
    }

    /// @dev With a registry that knows the market which is about to be created.
    function refuseMarket(IOTT token_, MarketParameters memory p, string memory name) private {
        uint256 next = vm.getNonce(address(this)) + 1;
        NodeRegistry fresh = new NodeRegistry(token, vm.computeCreateAddress(address(this), next), registryParameters());
        vm.expectRevert(abi.encodeWithSelector(IComputeMarket.InvalidParameter.selector, name));
        new ComputeMarket(token_, fresh, address(1), p);
    }

    function refuseDistribution(string memory name) private {
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.InvalidParameter.selector, name));
    }
}
