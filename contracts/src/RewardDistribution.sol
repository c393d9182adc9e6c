// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IComputeMarket, JobState, Service} from "./interfaces/IComputeMarket.sol";
import {INodeRegistry} from "./interfaces/INodeRegistry.sol";
import {IOTT} from "./interfaces/IOTT.sol";
import {Claim, DistributionParameters, IRewardDistribution} from "./interfaces/IRewardDistribution.sol";
import {Cid} from "./libraries/Cid.sol";
import {MeteringEntry, MeteringLog} from "./libraries/MeteringLog.sol";
import {Payout} from "./libraries/Payout.sol";
import {Receipt, ReceiptVerifier} from "./libraries/ReceiptVerifier.sol";
import {TokenTransfer} from "./libraries/TokenTransfer.sol";
import {Fault} from "./types/Fault.sol";
import {Amount, BPS, JobId, ZERO} from "./types/Values.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title RewardDistribution, the settlement of jobs
/// @dev What it promises is described in IRewardDistribution.
contract RewardDistribution is IRewardDistribution, EIP712, ReentrancyGuardTransient {
    using TokenTransfer for IOTT;

    IOTT public immutable token;
    INodeRegistry public immutable registry;
    IComputeMarket public immutable market;
    /// @notice Decides disputes, and can do nothing else. May be a multisig.
    address public immutable arbiter;
    uint32 public immutable disputeWindow;
    uint32 public immutable decisionWindow;
    uint16 public immutable bondBps;
    Amount public immutable minBond;

    uint32 private immutable _claimWindow;

    mapping(JobId jobId => Claim) private _claims;

    /// @param market_ the market, which must know this contract's address
    /// @param arbiter_ decides disputes
    constructor(
        IOTT token_,
        INodeRegistry registry_,
        IComputeMarket market_,
        address arbiter_,
        DistributionParameters memory parameters
    ) EIP712("ZLayer RewardDistribution", "1") {
        if (address(token_).code.length == 0) revert InvalidParameter("token");
        if (registry_.market() != address(market_)) revert InvalidParameter("registry");
        if (arbiter_ == address(0)) revert InvalidParameter("arbiter");
        if (parameters.disputeWindow == 0) revert InvalidParameter("disputeWindow");
        if (parameters.decisionWindow == 0) revert InvalidParameter("decisionWindow");
        if (parameters.bondBps > BPS) revert InvalidParameter("bondBps");
        if (parameters.minBond == ZERO) revert InvalidParameter("minBond");
        uint32 claimWindow = market_.claimWindow();
        // A stake cannot be gone before the last dispute about its conduct has ended.
        uint256 longest = 2 * uint256(claimWindow) + parameters.disputeWindow + parameters.decisionWindow;
        if (registry_.unbondingDelay() <= longest) revert InvalidParameter("unbondingDelay");
        token = token_;
        registry = registry_;
        market = market_;
        arbiter = arbiter_;
        disputeWindow = parameters.disputeWindow;
        decisionWindow = parameters.decisionWindow;
        bondBps = parameters.bondBps;
        minBond = parameters.minBond;
        _claimWindow = claimWindow;
    }

    /// @inheritdoc IRewardDistribution
    function settle(Receipt calldata receipt, bytes calldata nodeSignature, bytes calldata developerSignature)
        external
        nonReentrant
    {
        Service memory job = market.service(receipt.jobId);
        _checkMaySettle(receipt, job);
        uint256 served = _served(job);
        if (receipt.usedSeconds > served) revert TooMuchUsage(receipt.usedSeconds, served);
        uint256 cost = job.rate.costOf(receipt.usedSeconds);
        if (receipt.amount.raw() > cost) revert AmountAboveUsage(receipt.amount, cost);
        _checkSignatures(receipt, job, nodeSignature, developerSignature);

        emit ReceiptSettled(receipt.jobId, receipt.usedSeconds, receipt.usageRoot);
        if (job.state != JobState.Running) _releaseBond(receipt.jobId, job, false);
        market.settle(receipt.jobId, receipt.amount, Fault.None, 0);
    }

    /// @inheritdoc IRewardDistribution
    function claim(
        JobId jobId,
        bytes32 root,
        bytes calldata logCid,
        MeteringEntry calldata last,
        bytes32[] calldata proof
    ) external nonReentrant {
        Service memory job = market.service(jobId);
        if (job.state != JobState.Running) revert NotSettleable(jobId);
        if (!registry.isOperator(job.node, msg.sender)) revert NotNode(msg.sender);
        if (block.timestamp < job.endsAt) revert TooEarly(jobId, job.endsAt);
        uint256 deadline = uint256(job.endsAt) + _claimWindow;
        if (block.timestamp > deadline) revert TooLate(jobId, deadline);
        Cid.check(logCid);
        if (!(last.jobId == jobId)) revert WrongJob(jobId, last.jobId);
        if (!MeteringLog.contains(root, last, proof)) revert InvalidProof(root, MeteringLog.leaf(last));
        uint256 served = _served(job);
        if (last.usedSeconds > served) revert TooMuchUsage(last.usedSeconds, served);
        Amount amount = Payout.due(job.rate, last.usedSeconds, job.promised, job.availabilityBps, job.escrow);
        if (amount == ZERO) revert NothingToClaim(jobId);

        uint40 until = uint40(block.timestamp + disputeWindow);
        _claims[jobId] = Claim({amount: amount, bond: ZERO, until: until, root: root});
        emit Claimed(jobId, amount, root, logCid, last, until);
        market.markClaimed(jobId);
    }

    /// @inheritdoc IRewardDistribution
    function dispute(JobId jobId, bytes calldata evidenceCid) external nonReentrant {
        Service memory job = market.service(jobId);
        if (job.state != JobState.Claimed) revert NotSettleable(jobId);
        if (job.developer != msg.sender) revert NotDeveloper(msg.sender);
        Claim storage record = _claims[jobId];
        if (block.timestamp > record.until) revert TooLate(jobId, record.until);
        Cid.check(evidenceCid);
        Amount bond = bondFor(record.amount);
        record.bond = bond;
        record.until = uint40(block.timestamp + decisionWindow);
        emit Disputed(jobId, bond, evidenceCid, record.until);
        market.markDisputed(jobId);
        token.pull(msg.sender, bond);
    }

    /// @inheritdoc IRewardDistribution
    function decide(JobId jobId, Amount award, uint16 slashBps) external nonReentrant {
        if (msg.sender != arbiter) revert NotArbiter(msg.sender);
        Service memory job = market.service(jobId);
        if (job.state != JobState.Disputed) revert NotSettleable(jobId);
        Claim memory record = _claims[jobId];
        if (block.timestamp > record.until) revert TooLate(jobId, record.until);
        bool upheld = award == record.amount;
        if (award > record.amount || slashBps > BPS || (upheld && slashBps > 0)) {
            revert InvalidAward(award, record.amount, slashBps);
        }
        emit Decided(jobId, record.amount, award, slashBps);
        _releaseBond(jobId, job, upheld);
        market.settle(jobId, award, upheld ? Fault.None : Fault.False, slashBps);
    }

    /// @inheritdoc IRewardDistribution
    function finalize(JobId jobId) external nonReentrant {
        Service memory job = market.service(jobId);
        if (job.state != JobState.Claimed && job.state != JobState.Disputed) revert NotSettleable(jobId);
        Claim memory record = _claims[jobId];
        if (block.timestamp <= record.until) revert TooEarly(jobId, uint256(record.until) + 1);
        Amount award = job.state == JobState.Claimed ? record.amount : record.amount.bps(BPS / 2);
        emit Finalized(jobId, record.amount, award);
        _releaseBond(jobId, job, false);
        market.settle(jobId, award, Fault.None, 0);
    }

    // ---- views

    /// @inheritdoc IRewardDistribution
    function claimOf(JobId jobId) external view returns (Claim memory) {
        return _claims[jobId];
    }

    /// @inheritdoc IRewardDistribution
    function bondFor(Amount amount) public view returns (Amount) {
        Amount share = amount.bps(bondBps);
        return share < minBond ? minBond : share;
    }

    /// @inheritdoc IRewardDistribution
    function receiptDigest(Receipt calldata receipt) public view returns (bytes32) {
        return _hashTypedDataV4(ReceiptVerifier.structHash(receipt));
    }

    /// @inheritdoc IRewardDistribution
    function meteringLeaf(MeteringEntry calldata entry) external pure returns (bytes32) {
        return MeteringLog.leaf(entry);
    }

    /// @inheritdoc IRewardDistribution
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    // ---- inside

    /// @dev Seconds from the start to now or the end of service.
    function _served(Service memory job) private view returns (uint256) {
        uint256 end = block.timestamp < job.endsAt ? block.timestamp : job.endsAt;
        return end - job.startedAt;
    }

    /// @dev A receipt that is not final is the node's to use: with an old one a developer could pay too little.
    function _checkMaySettle(Receipt calldata receipt, Service memory job) private view {
        JobState state = job.state;
        if (state == JobState.Running) {
            if (receipt.isFinal || msg.sender == job.node) return;
            uint256 openFrom = uint256(job.endsAt) + _claimWindow + 1;
            if (block.timestamp < openFrom && !registry.isOperator(job.node, msg.sender)) {
                revert ReceiptNotFinal(receipt.jobId, openFrom);
            }
        } else if (state == JobState.Claimed || state == JobState.Disputed) {
            if (!receipt.isFinal) revert ReceiptNotFinal(receipt.jobId, type(uint256).max);
        } else {
            revert NotSettleable(receipt.jobId);
        }
    }

    function _checkSignatures(
        Receipt calldata receipt,
        Service memory job,
        bytes calldata nodeSignature,
        bytes calldata developerSignature
    ) private view {
        bytes32 digest = receiptDigest(receipt);
        address signer = ReceiptVerifier.signer(digest, nodeSignature);
        if (signer == address(0) || (signer != job.node && !registry.isOperator(job.node, signer))) {
            revert InvalidNodeSignature(signer, job.node);
        }
        signer = ReceiptVerifier.signer(digest, developerSignature);
        if (signer != job.receiptKey) revert InvalidDeveloperSignature(signer, job.receiptKey);
    }

    /// @dev Pays out the bond of a dispute, if there is one: to the developer, or as a penalty.
    function _releaseBond(JobId jobId, Service memory job, bool forfeited) private {
        Amount bond = _claims[jobId].bond;
        if (bond == ZERO) return;
        _claims[jobId].bond = ZERO;
        Amount compensation = forfeited ? bond.bps(BPS / 2) : ZERO;
        Amount burned = forfeited ? bond - compensation : ZERO;
        Amount returned = forfeited ? ZERO : bond;
        emit BondReleased(jobId, returned, compensation, burned);
        token.push(job.developer, returned);
        token.push(job.node, compensation);
        token.destroy(burned);
    }
}
