// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ComputeMarket} from "../../src/ComputeMarket.sol";
import {NodeRegistry} from "../../src/NodeRegistry.sol";
import {OTT} from "../../src/OTT.sol";
import {RewardDistribution} from "../../src/RewardDistribution.sol";
import {JobState, JobTerms, MarketParameters, Matching, Permit} from "../../src/interfaces/IComputeMarket.sol";
import {RegistryParameters} from "../../src/interfaces/INodeRegistry.sol";
import {IOTT} from "../../src/interfaces/IOTT.sol";
import {DistributionParameters} from "../../src/interfaces/IRewardDistribution.sol";
import {MeteringEntry, MeteringLog} from "../../src/libraries/MeteringLog.sol";
import {Receipt} from "../../src/libraries/ReceiptVerifier.sol";
import {Capacity} from "../../src/types/Capacity.sol";
import {Amount, JobId, Rate} from "../../src/types/Values.sol";
import {TestBase} from "./TestBase.sol";

/// @notice The whole system with a developer, two nodes and an arbiter, and the steps of a job as short calls.
abstract contract MarketFixture is TestBase {
    uint256 internal constant DEVELOPER_KEY = 0xd1;
    uint256 internal constant RECEIPT_KEY = 0xd2;
    uint256 internal constant NODE_KEY = 0xa1;
    uint256 internal constant NODE2_KEY = 0xa2;
    uint256 internal constant DELEGATE_KEY = 0xa3;
    bytes internal constant CID = hex"01551220000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    address internal developer = vm.addr(DEVELOPER_KEY);
    address internal receiptSigner = vm.addr(RECEIPT_KEY);
    address internal node = vm.addr(NODE_KEY);
    address internal node2 = vm.addr(NODE2_KEY);
    address internal delegate = vm.addr(DELEGATE_KEY);
    address internal arbiter = address(0xa4b1);
    address internal stranger = address(0x5712a);

    IOTT internal token;
    NodeRegistry internal registry;
    ComputeMarket internal market;
    RewardDistribution internal distribution;

    uint32 internal constant ACCEPT_WINDOW = 1 days;
    uint32 internal constant START_WINDOW = 15 minutes;
    uint32 internal constant REBID_WINDOW = 10 minutes;
    uint32 internal constant CLAIM_WINDOW = 1 days;
    uint32 internal constant DISPUTE_WINDOW = 2 days;
    uint32 internal constant DECISION_WINDOW = 7 days;
    uint32 internal constant UNBONDING = 14 days;
    Amount internal constant STAKE = Amount.wrap(10_000 ether);
    Rate internal constant RATE = Rate.wrap(0.01 ether);
    Rate internal constant HALF = Rate.wrap(0.005 ether);

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        deploy(new OTT(address(this), 100_000_000 ether));
        fund(developer, 1_000_000 ether);
        registerNode(NODE_KEY, delegate);
        registerNode(NODE2_KEY, address(0));
    }

    function registryParameters() internal pure returns (RegistryParameters memory) {
        return RegistryParameters({
            stakePerMillicore: Amount.wrap(0.01 ether),
            stakePerMebibyte: Amount.wrap(0.005 ether),
            stakePerGpu: Amount.wrap(500 ether),
            lockBps: 5000,
            unbondingDelay: UNBONDING
        });
    }

    function marketParameters() internal pure virtual returns (MarketParameters memory) {
        return MarketParameters({
            feeBps: 200,
            noShowBps: 1000,
            acceptWindow: ACCEPT_WINDOW,
            startWindow: START_WINDOW,
            rebidWindow: REBID_WINDOW,
            claimWindow: CLAIM_WINDOW,
            minFundedSeconds: 60,
            maxBidding: 30 days,
            maxDuration: 365 days
        });
    }

    function distributionParameters() internal pure returns (DistributionParameters memory) {
        return DistributionParameters({
            disputeWindow: DISPUTE_WINDOW,
            decisionWindow: DECISION_WINDOW,
            bondBps: 1000,
            minBond: Amount.wrap(10 ether)
        });
    }

    /// @dev Deploys the three contracts that know one another, at addresses computed before.
    function deploy(IOTT token_) internal {
        token = token_;
        uint256 nonce = vm.getNonce(address(this));
        registry = new NodeRegistry(token, vm.computeCreateAddress(address(this), nonce + 1), registryParameters());
        market =
            new ComputeMarket(token, registry, vm.computeCreateAddress(address(this), nonce + 2), marketParameters());
        distribution = new RewardDistribution(token, registry, market, arbiter, distributionParameters());
    }

    /// @dev Gives money and the allowances that a user of the contracts would give.
    function fund(address who, uint256 value) internal {
        token.transfer(who, value);
        vm.startPrank(who);
        token.approve(address(registry), type(uint256).max);
        token.approve(address(market), type(uint256).max);
        token.approve(address(distribution), type(uint256).max);
        vm.stopPrank();
    }

    function capacity() internal pure returns (Capacity memory) {
        return Capacity({millicores: 16_000, mebibytes: 32_768, gpus: 2, gpuModel: 0x1234, region: 276, labels: 7});
    }

    function registerNode(uint256 key, address delegate_) internal {
        address who = vm.addr(key);
        fund(who, Amount.unwrap(STAKE) * 2);
        bytes memory signature = signWireGuard(key, bytes32(key), registry.node(who).keyEpoch + 1);
        vm.prank(who);
        registry.register(capacity(), STAKE, delegate_, bytes32(key), signature);
    }

    function signWireGuard(uint256 key, bytes32 publicKey, uint32 epoch) internal view returns (bytes memory) {
        bytes32 typehash = keccak256("WireGuardKey(address node,bytes32 publicKey,uint32 epoch)");
        return sign(key, registry.DOMAIN_SEPARATOR(), keccak256(abi.encode(typehash, vm.addr(key), publicKey, epoch)));
    }

    function sign(uint256 key, bytes32 domain, bytes32 structHash) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, structHash)));
        return abi.encodePacked(r, s, v);
    }

    /// @dev One hour on two cores, at most 0.01 OTT a second, paid for in full.
    function terms() internal view returns (JobTerms memory) {
        return JobTerms({
            specCid: CID,
            receiptKey: receiptSigner,
            matching: Matching.Developer,
            covered: false,
            availabilityBps: 0,
            maxRate: RATE,
            escrow: Amount.wrap(36 ether),
            maxDuration: 3600,
            bidDeadline: uint32(vm.getBlockTimestamp() + 600),
            need: Capacity({millicores: 2000, mebibytes: 2048, gpus: 0, gpuModel: 0, region: 0, labels: 0})
        });
    }

    function post(JobTerms memory terms_) internal returns (JobId) {
        vm.prank(developer);
        return market.post(terms_);
    }

    function postLowest() internal returns (JobId) {
        JobTerms memory t = terms();
        t.matching = Matching.LowestBid;
        return post(t);
    }

    function bid(JobId jobId, address who, Rate rate) internal {
        vm.prank(who);
        market.bid(jobId, who, rate, uint32(vm.getBlockTimestamp() + 30 days));
    }

    /// @dev A job with one bid by `node` at half the highest rate that was accepted.
    function assigned(JobTerms memory terms_) internal returns (JobId jobId) {
        jobId = post(terms_);
        bid(jobId, node, Rate.wrap(Rate.unwrap(RATE) / 2));
        vm.prank(developer);
        market.accept(jobId, node, RATE);
    }

    function running(JobTerms memory terms_) internal returns (JobId jobId) {
        jobId = assigned(terms_);
        vm.prank(node);
        market.start(jobId);
    }

    /// @dev A running job that has come to its end, with a claim for `used` seconds.
    function claimed(JobTerms memory terms_, uint32 used) internal returns (JobId jobId) {
        jobId = running(terms_);
        vm.warp(market.service(jobId).endsAt);
        claim(jobId, used);
    }

    function claim(JobId jobId, uint32 used) internal {
        MeteringEntry memory last = entry(jobId, used);
        address who = market.job(jobId).node;
        vm.prank(who);
        distribution.claim(jobId, MeteringLog.leaf(last), CID, last, new bytes32[](0));
    }

    function disputed(JobTerms memory terms_, uint32 used) internal returns (JobId jobId) {
        jobId = claimed(terms_, used);
        vm.prank(developer);
        distribution.dispute(jobId, CID);
    }

    function entry(JobId jobId, uint32 used) internal pure returns (MeteringEntry memory last) {
        last.jobId = jobId;
        last.usedSeconds = used;
    }

    function receipt(JobId jobId, uint32 used, uint256 amount, bool isFinal) internal pure returns (Receipt memory) {
        return Receipt({
            jobId: jobId,
            sequence: 1,
            usedSeconds: used,
            amount: Amount.wrap(uint96(amount)),
            usageRoot: bytes32(uint256(1)),
            isFinal: isFinal
        });
    }

    function signReceipt(uint256 key, Receipt memory receipt_) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, distribution.receiptDigest(receipt_));
        return abi.encodePacked(r, s, v);
    }

    function settle(address caller, Receipt memory receipt_) internal {
        bytes memory ofNode = signReceipt(NODE_KEY, receipt_);
        bytes memory ofDeveloper = signReceipt(RECEIPT_KEY, receipt_);
        vm.prank(caller);
        distribution.settle(receipt_, ofNode, ofDeveloper);
    }

    function permitFor(uint256 key, JobTerms memory terms_, uint256 deadline) internal view returns (Permit memory) {
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        address owner = vm.addr(key);
        bytes32 structHash =
            keccak256(abi.encode(typehash, owner, address(market), terms_.escrow, token.nonces(owner), deadline));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
        return Permit({deadline: deadline, v: v, r: r, s: s});
    }

    function balance(address who) internal view returns (uint256) {
        return token.balanceOf(who);
    }

    function stateOf(JobId jobId) internal view returns (JobState) {
        return market.job(jobId).state;
    }

    function assertState(JobId jobId, JobState state) internal view {
        vm.assertEq(uint256(stateOf(jobId)), uint256(state), "state");
    }

    function expireAndExpectRefund(JobId jobId) internal {
        uint256 before = balance(developer);
        vm.prank(stranger);
        market.expire(jobId);
        assertState(jobId, JobState.Cancelled);
        vm.assertEq(balance(developer) - before, 36 ether);
        vm.assertEq(balance(address(market)), 0);
    }
}
