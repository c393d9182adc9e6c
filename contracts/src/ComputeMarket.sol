// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {
    Amendment,
    Bid,
    IComputeMarket,
    Job,
    JobState,
    JobTerms,
    MarketParameters,
    Matching,
    Permit,
    Service
} from "./interfaces/IComputeMarket.sol";
import {Eligibility, INodeRegistry} from "./interfaces/INodeRegistry.sol";
import {IOTT} from "./interfaces/IOTT.sol";
import {Cid} from "./libraries/Cid.sol";
import {ReceiptVerifier} from "./libraries/ReceiptVerifier.sol";
import {TokenTransfer} from "./libraries/TokenTransfer.sol";
import {Capacity} from "./types/Capacity.sol";
import {Fault} from "./types/Fault.sol";
import {Amount, BPS, JobId, Rate, ZERO} from "./types/Values.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title ComputeMarket, the market for compute jobs
/// @dev What it promises is described in IComputeMarket.
contract ComputeMarket is IComputeMarket, EIP712, ReentrancyGuardTransient {
    using TokenTransfer for IOTT;

    /// @dev Bids that one job keeps for the lowest to be found in one transaction.
    uint256 public constant MAX_LISTED = 16;
    /// @dev How often a job is assigned before it is refunded; bounds the time that an escrow can be held.
    uint256 public constant MAX_ROUNDS = 3;

    bytes32 private constant EXTENSION_TYPEHASH = keccak256("Extension(uint256 jobId,uint32 maxDuration)");

    IOTT public immutable token;
    INodeRegistry public immutable registry;
    address public immutable distribution;
    uint16 public immutable feeBps;
    uint16 public immutable noShowBps;
    uint32 public immutable acceptWindow;
    uint32 public immutable startWindow;
    uint32 public immutable rebidWindow;
    /// @inheritdoc IComputeMarket
    uint32 public immutable claimWindow;
    uint32 public immutable minFundedSeconds;
    uint32 public immutable maxBidding;
    uint32 public immutable maxDuration;

    /// @dev Shares a storage slot with the number of jobs.
    Amount private _fees;
    /// @inheritdoc IComputeMarket
    uint128 public jobCount;
    mapping(JobId jobId => Job) private _jobs;
    mapping(JobId jobId => mapping(address node => Bid)) private _bids;
    mapping(JobId jobId => mapping(uint256 position => address)) private _listed;
    /// @dev Of jobs that are `amended` only.
    mapping(JobId jobId => Amendment) private _amendments;

    modifier onlyDistribution() {
        if (msg.sender != distribution) revert NotDistribution(msg.sender);
        _;
    }

    /// @param registry_ the nodes; its market must be this contract
    /// @param distribution_ the settlement contract, which may be deployed later at a known address
    constructor(IOTT token_, INodeRegistry registry_, address distribution_, MarketParameters memory parameters)
        EIP712("ZLayer ComputeMarket", "1")
    {
        if (address(token_).code.length == 0) revert InvalidParameter("token");
        if (registry_.market() != address(this)) revert InvalidParameter("registry");
        if (distribution_ == address(0)) revert InvalidParameter("distribution");
        if (parameters.feeBps == 0 || parameters.feeBps > BPS) revert InvalidParameter("feeBps");
        if (parameters.noShowBps > BPS) revert InvalidParameter("noShowBps");
        if (parameters.acceptWindow == 0) revert InvalidParameter("acceptWindow");
        if (parameters.startWindow == 0) revert InvalidParameter("startWindow");
        if (parameters.rebidWindow == 0) revert InvalidParameter("rebidWindow");
        if (parameters.claimWindow == 0) revert InvalidParameter("claimWindow");
        if (parameters.minFundedSeconds == 0) revert InvalidParameter("minFundedSeconds");
        if (parameters.maxBidding == 0) revert InvalidParameter("maxBidding");
        if (parameters.maxDuration < parameters.minFundedSeconds) revert InvalidParameter("maxDuration");
        token = token_;
        registry = registry_;
        distribution = distribution_;
        feeBps = parameters.feeBps;
        noShowBps = parameters.noShowBps;
        acceptWindow = parameters.acceptWindow;
        startWindow = parameters.startWindow;
        rebidWindow = parameters.rebidWindow;
        claimWindow = parameters.claimWindow;
        minFundedSeconds = parameters.minFundedSeconds;
        maxBidding = parameters.maxBidding;
        maxDuration = parameters.maxDuration;
    }

    // ---- post, bid, choose

    /// @inheritdoc IComputeMarket
    function post(JobTerms calldata terms) external nonReentrant returns (JobId) {
        return _post(terms);
    }

    /// @inheritdoc IComputeMarket
    function postWithPermit(JobTerms calldata terms, Permit calldata permit) external nonReentrant returns (JobId) {
        // Whether it failed shows in the transfer; it may have been submitted by somebody else before.
        try token.permit(
            msg.sender, address(this), terms.escrow.raw(), permit.deadline, permit.v, permit.r, permit.s
        ) {}
            catch {}
        return _post(terms);
    }

    /// @inheritdoc IComputeMarket
    function bid(JobId jobId, address node, Rate rate, uint32 validUntil) external {
        Job storage record = _inState(jobId, JobState.Open);
        if (block.timestamp > record.time) revert TooLate(jobId, record.time);
        if (node == record.developer) revert OwnJob(node);
        if (rate == Rate.wrap(0) || rate > record.maxRate) revert InvalidRate(rate, record.maxRate);
        if (validUntil <= block.timestamp) revert InvalidValidity(validUntil);
        registry.requireBidder(node, msg.sender, _need(record), record.deposit, record.covered);

        Bid storage offer = _bids[jobId][node];
        if (offer.barred) revert Barred(node);
        bool listed = offer.listed;
        if (record.matching == Matching.LowestBid && !listed) {
            _list(jobId, record, node, rate);
            listed = true;
        }
        _bids[jobId][node] = Bid({rate: rate, validUntil: validUntil, listed: listed, barred: false});
        emit BidPlaced(jobId, node, rate, validUntil);
    }

    /// @inheritdoc IComputeMarket
    function withdrawBid(JobId jobId, address node) external {
        _inState(jobId, JobState.Open);
        if (!registry.isOperator(node, msg.sender)) revert NotNode(msg.sender);
        Bid storage offer = _bids[jobId][node];
        if (offer.rate == Rate.wrap(0)) revert NoBid(node);
        offer.rate = Rate.wrap(0);
        emit BidRemoved(jobId, node);
    }

    /// @inheritdoc IComputeMarket
    function accept(JobId jobId, address node, Rate rate) external {
        Job storage record = _ofDeveloper(jobId);
        if (record.state != JobState.Open) revert WrongState(jobId, record.state);
        if (record.matching != Matching.Developer) revert WrongMatching(jobId, record.matching);
        uint256 deadline = uint256(record.time) + acceptWindow;
        if (block.timestamp > deadline) revert TooLate(jobId, deadline);
        Bid memory offer = _bids[jobId][node];
        if (!_standing(offer)) revert NoBid(node);
        if (offer.rate > rate) revert InvalidRate(offer.rate, rate);
        _assign(jobId, record, node, offer.rate);
    }

    /// @inheritdoc IComputeMarket
    function assignLowest(JobId jobId) external {
        Job storage record = _inState(jobId, JobState.Open);
        if (record.matching != Matching.LowestBid) revert WrongMatching(jobId, record.matching);
        uint256 deadline = uint256(record.time) + acceptWindow;
        if (block.timestamp <= record.time) revert TooEarly(jobId, uint256(record.time) + 1);
        if (block.timestamp > deadline) revert TooLate(jobId, deadline);
        (address node, Rate rate) = _lowest(jobId, record);
        if (node == address(0)) revert NoEligibleBid(jobId);
        _assign(jobId, record, node, rate);
    }

    // ---- serve

    /// @inheritdoc IComputeMarket
    function start(JobId jobId) external {
        Job storage record = _ofNode(jobId);
        if (record.state != JobState.Assigned) revert WrongState(jobId, record.state);
        if (block.timestamp > record.time) revert TooLate(jobId, record.time);
        record.state = JobState.Running;
        record.time = uint32(block.timestamp);
        emit JobStarted(jobId, record.node, uint32(block.timestamp), _endsAt(jobId, record));
    }

    /// @inheritdoc IComputeMarket
    function decline(JobId jobId) external nonReentrant {
        Job storage record = _ofNode(jobId);
        if (record.state != JobState.Assigned) revert WrongState(jobId, record.state);
        if (block.timestamp > record.time) revert TooLate(jobId, record.time);
        _unassign(jobId, record, Fault.Declined);
    }

    /// @inheritdoc IComputeMarket
    function stop(JobId jobId) external {
        Job storage record = _inState(jobId, JobState.Running);
        uint32 end = _endsAt(jobId, record);
        if (block.timestamp >= end) revert TooLate(jobId, end);
        Amendment storage change = _amendments[jobId];
        if (msg.sender != record.developer) {
            if (!registry.isOperator(record.node, msg.sender)) revert NotNode(msg.sender);
            // A node that leaves is measured against all that it had promised.
            change.promised = end - record.time;
        }
        record.amended = true;
        change.stoppedAt = uint32(block.timestamp);
        emit JobStopped(jobId, msg.sender, uint32(block.timestamp));
    }

    /// @inheritdoc IComputeMarket
    function topUp(JobId jobId, Amount amount) external nonReentrant {
        Job storage record = _inState(jobId, JobState.Running);
        _fund(jobId, record, amount, _endsAt(jobId, record));
    }

    /// @inheritdoc IComputeMarket
    function extend(JobId jobId, uint32 maxDuration_, Amount amount, bytes calldata signature) external nonReentrant {
        Job storage record = _ofDeveloper(jobId);
        if (record.state != JobState.Running) revert WrongState(jobId, record.state);
        if (maxDuration_ <= record.maxDuration || maxDuration_ > maxDuration) revert InvalidTerms("maxDuration");
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(EXTENSION_TYPEHASH, jobId, maxDuration_)));
        address signer = ReceiptVerifier.signer(digest, signature);
        if (signer == address(0) || !registry.isOperator(record.node, signer)) {
            revert InvalidExtension(jobId, maxDuration_);
        }
        uint32 end = _endsAt(jobId, record);
        record.maxDuration = maxDuration_;
        _fund(jobId, record, amount, end);
    }

    // ---- end

    /// @inheritdoc IComputeMarket
    function cancel(JobId jobId) external nonReentrant {
        Job storage record = _ofDeveloper(jobId);
        if (record.state != JobState.Open) revert WrongState(jobId, record.state);
        _cancel(jobId, record);
    }

    /// @inheritdoc IComputeMarket
    function expire(JobId jobId) external nonReentrant {
        Job storage record = _jobs[jobId];
        uint256 due = _expiresAt(jobId, record);
        if (due == 0) revert WrongState(jobId, record.state);
        if (block.timestamp < due) revert TooEarly(jobId, due);
        if (record.state == JobState.Open) _cancel(jobId, record);
        else if (record.state == JobState.Assigned) _unassign(jobId, record, Fault.Absent);
        else _settle(jobId, record, ZERO, Fault.Absent, 0);
    }

    /// @inheritdoc IComputeMarket
    function burnFees() external nonReentrant {
        Amount fees = _fees;
        if (fees == ZERO) revert NoFees();
        _fees = ZERO;
        emit FeesBurned(fees);
        token.destroy(fees);
    }

    /// @inheritdoc IComputeMarket
    function markClaimed(JobId jobId) external onlyDistribution {
        _inState(jobId, JobState.Running).state = JobState.Claimed;
        emit JobClaimed(jobId);
    }

    /// @inheritdoc IComputeMarket
    function markDisputed(JobId jobId) external onlyDistribution {
        _inState(jobId, JobState.Claimed).state = JobState.Disputed;
        emit JobDisputed(jobId);
    }

    /// @inheritdoc IComputeMarket
    function settle(JobId jobId, Amount payout, Fault fault, uint16 slashBps) external onlyDistribution {
        // Its only caller is guarded against re-entrance, and the job is settled before any money moves.
        Job storage record = _jobs[jobId];
        JobState state = record.state;
        if (state != JobState.Running && state != JobState.Claimed && state != JobState.Disputed) {
            revert WrongState(jobId, state);
        }
        _settle(jobId, record, payout, fault, slashBps);
    }

    // ---- views

    /// @inheritdoc IComputeMarket
    function unburnedFees() external view returns (Amount) {
        return _fees;
    }

    /// @inheritdoc IComputeMarket
    function service(JobId jobId) external view returns (Service memory view_) {
        Job storage record = _jobs[jobId];
        view_.state = record.state;
        view_.developer = record.developer;
        view_.receiptKey = record.receiptKey;
        view_.availabilityBps = record.availabilityBps;
        view_.escrow = _escrow(jobId, record);
        if (record.state < JobState.Running || record.state == JobState.Cancelled) return view_;
        view_.node = record.node;
        view_.rate = record.rate;
        view_.startedAt = record.time;
        view_.endsAt = _endsAt(jobId, record);
        uint32 promised = record.amended ? _amendments[jobId].promised : 0;
        view_.promised = promised > 0 ? promised : view_.endsAt - view_.startedAt;
    }

    /// @inheritdoc IComputeMarket
    function amendment(JobId jobId) external view returns (Amendment memory) {
        return _amendments[jobId];
    }

    /// @inheritdoc IComputeMarket
    function job(JobId jobId) external view returns (Job memory) {
        return _jobs[jobId];
    }

    /// @inheritdoc IComputeMarket
    function bidOf(JobId jobId, address node) external view returns (Bid memory) {
        return _bids[jobId][node];
    }

    /// @inheritdoc IComputeMarket
    function bidders(JobId jobId) external view returns (address[] memory nodes) {
        nodes = new address[](_jobs[jobId].listed);
        for (uint256 i = 0; i < nodes.length; i++) {
            nodes[i] = _listed[jobId][i];
        }
    }

    /// @inheritdoc IComputeMarket
    function expiresAt(JobId jobId) external view returns (uint256) {
        return _expiresAt(jobId, _jobs[jobId]);
    }

    /// @inheritdoc IComputeMarket
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    // ---- inside: checks

    function _inState(JobId jobId, JobState state) private view returns (Job storage record) {
        record = _jobs[jobId];
        if (record.state != state) revert WrongState(jobId, record.state);
    }

    function _ofDeveloper(JobId jobId) private view returns (Job storage record) {
        record = _jobs[jobId];
        if (record.developer != msg.sender) revert NotDeveloper(msg.sender);
    }

    function _ofNode(JobId jobId) private view returns (Job storage record) {
        record = _jobs[jobId];
        address node = record.node;
        if (node == address(0) || (node != msg.sender && !registry.isOperator(node, msg.sender))) {
            revert NotNode(msg.sender);
        }
    }

    function _standing(Bid memory offer) private view returns (bool) {
        return !(offer.rate == Rate.wrap(0)) && offer.validUntil >= block.timestamp;
    }

    function _need(Job storage record) private view returns (Capacity memory) {
        return Capacity({
            millicores: record.millicores,
            mebibytes: record.mebibytes,
            gpus: record.gpus,
            gpuModel: record.gpuModel,
            region: record.region,
            labels: record.labels
        });
    }

    function _expiresAt(JobId jobId, Job storage record) private view returns (uint256) {
        JobState state = record.state;
        if (state == JobState.Open) return uint256(record.time) + acceptWindow + 1;
        if (state == JobState.Assigned) return uint256(record.time) + 1;
        if (state == JobState.Running) return uint256(_endsAt(jobId, record)) + 2 * uint256(claimWindow) + 1;
        return 0;
    }

    /// @dev All money that the developer has paid in.
    function _escrow(JobId jobId, Job storage record) private view returns (Amount) {
        return record.amended ? record.deposit + _amendments[jobId].added : record.deposit;
    }

    /// @dev When the service of a started job ends: it was stopped, or money or time are used up at the agreed rate.
    function _endsAt(JobId jobId, Job storage record) private view returns (uint32) {
        if (record.amended && _amendments[jobId].stoppedAt != 0) return _amendments[jobId].stoppedAt;
        uint256 funded = _escrow(jobId, record).raw() / record.rate.costOf(1);
        uint256 longest = record.maxDuration;
        return uint32(record.time + (funded < longest ? funded : longest));
    }

    // ---- inside: changes

    function _post(JobTerms calldata terms) private returns (JobId jobId) {
        Cid.check(terms.specCid);
        if (terms.receiptKey == address(0)) revert InvalidTerms("receiptKey");
        if (terms.availabilityBps > BPS) revert InvalidTerms("availabilityBps");
        if (terms.maxRate == Rate.wrap(0)) revert InvalidTerms("maxRate");
        if (terms.maxDuration < minFundedSeconds || terms.maxDuration > maxDuration) {
            revert InvalidTerms("maxDuration");
        }
        if (terms.bidDeadline <= block.timestamp || terms.bidDeadline > block.timestamp + maxBidding) {
            revert InvalidTerms("bidDeadline");
        }
        if (terms.need.millicores == 0) revert InvalidTerms("millicores");
        if (terms.need.mebibytes == 0) revert InvalidTerms("mebibytes");
        uint256 least = terms.maxRate.costOf(minFundedSeconds);
        uint256 most = terms.maxRate.costOf(terms.maxDuration);
        if (terms.escrow.raw() < least || terms.escrow.raw() > most) revert InvalidEscrow(terms.escrow, least, most);

        jobId = JobId.wrap(++jobCount);
        Job storage record = _jobs[jobId];
        record.developer = msg.sender;
        record.state = JobState.Open;
        record.matching = terms.matching;
        record.covered = terms.covered;
        record.availabilityBps = terms.availabilityBps;
        record.time = terms.bidDeadline;
        record.receiptKey = terms.receiptKey;
        record.maxRate = terms.maxRate;
        record.deposit = terms.escrow;
        record.maxDuration = terms.maxDuration;
        record.millicores = terms.need.millicores;
        record.mebibytes = terms.need.mebibytes;
        record.gpus = terms.need.gpus;
        record.gpuModel = terms.need.gpuModel;
        record.region = terms.need.region;
        record.labels = terms.need.labels;
        emit JobPosted(jobId, msg.sender, terms);
        token.pull(msg.sender, terms.escrow);
    }

    /// @dev Gives a bidder a place in the list. In a full list it takes the place of the worst: one without a standing bid,
    /// else the highest, if that is higher.
    function _list(JobId jobId, Job storage record, address node, Rate rate) private {
        uint256 count = record.listed;
        if (count < MAX_LISTED) {
            _listed[jobId][count] = node;
            record.listed = uint8(count + 1);
            return;
        }
        uint256 worst = 0;
        Rate highest = Rate.wrap(0);
        for (uint256 i = 0; i < MAX_LISTED; i++) {
            Bid memory other = _bids[jobId][_listed[jobId][i]];
            Rate value = _standing(other) ? other.rate : Rate.wrap(type(uint96).max);
            if (value > highest) (worst, highest) = (i, value);
        }
        if (!(rate < highest)) revert BidTooHigh(rate, highest);
        address displaced = _listed[jobId][worst];
        Bid storage old = _bids[jobId][displaced];
        if (!(old.rate == Rate.wrap(0))) emit BidRemoved(jobId, displaced);
        old.rate = Rate.wrap(0);
        old.listed = false;
        _listed[jobId][worst] = node;
    }

    /// @dev The lowest standing bid whose node is eligible now; zero when there is none.
    function _lowest(JobId jobId, Job storage record) private view returns (address node, Rate rate) {
        uint256 count = record.listed;
        Capacity memory need = _need(record);
        for (uint256 i = 0; i < count; i++) {
            address candidate = _listed[jobId][i];
            Bid memory offer = _bids[jobId][candidate];
            if (!_standing(offer) || (node != address(0) && !(offer.rate < rate))) continue;
            if (registry.eligibility(candidate, need, record.deposit, record.covered) == Eligibility.Eligible) {
                (node, rate) = (candidate, offer.rate);
            }
        }
    }

    function _assign(JobId jobId, Job storage record, address node, Rate rate) private {
        (Amount locked, Amount pledged) = registry.lock(node, _need(record), record.deposit, record.covered);
        uint32 startBy = uint32(block.timestamp + startWindow);
        record.state = JobState.Assigned;
        record.rounds += 1;
        record.time = startBy;
        record.node = node;
        record.rate = rate;
        delete _bids[jobId][node];
        emit JobAssigned(jobId, node, rate, locked, pledged, startBy);
    }

    /// @dev Takes an assigned job from its node, which may not bid for it again.
    function _unassign(JobId jobId, Job storage record, Fault fault) private {
        address node = record.node;
        record.node = address(0);
        record.rate = Rate.wrap(0);
        _bids[jobId][node].barred = true;
        uint32 deadline = 0;
        if (record.rounds < MAX_ROUNDS) {
            deadline = uint32(block.timestamp + rebidWindow);
            record.state = JobState.Open;
            record.time = deadline;
        }
        emit JobReopened(jobId, node, fault, deadline);
        _release(record, node, ZERO, fault, fault == Fault.Absent ? noShowBps : 0);
        if (deadline == 0) _cancel(jobId, record);
    }

    function _fund(JobId jobId, Job storage record, Amount amount, uint32 end) private {
        if (block.timestamp >= end) revert TooLate(jobId, end);
        record.amended = true;
        _amendments[jobId].added = _amendments[jobId].added + amount;
        uint32 prolonged = _endsAt(jobId, record);
        if (prolonged <= end) revert NothingAdded(jobId);
        emit JobFunded(jobId, amount, _escrow(jobId, record), record.maxDuration, prolonged);
        token.pull(msg.sender, amount);
    }

    /// @dev Ends a job that was never served; gives the whole escrow back.
    function _cancel(JobId jobId, Job storage record) private {
        record.state = JobState.Cancelled;
        emit JobCancelled(jobId, record.deposit);
        token.push(record.developer, record.deposit);
    }

    function _settle(JobId jobId, Job storage record, Amount payout, Fault fault, uint16 slashBps) private {
        Amount escrow = _escrow(jobId, record);
        if (payout > escrow) revert PayoutTooHigh(payout, escrow);
        address node = record.node;
        Amount fee = payout.bps(feeBps);
        Amount refunded = escrow - payout;
        record.state = JobState.Settled;
        // Nobody needs these any more, and clearing them pays a part of the gas.
        record.receiptKey = address(0);
        record.maxRate = Rate.wrap(0);
        _fees = _fees + fee;
        emit JobSettled(jobId, node, payout - fee, refunded, fee, fault);
        _release(record, node, fee, fault, slashBps);
        token.push(node, payout - fee);
        token.push(record.developer, refunded);
    }

    /// @dev Lets go what the job holds of its node.
    function _release(Job storage record, address node, Amount gained, Fault fault, uint16 slashBps) private {
        registry.release(node, _need(record), record.deposit, record.covered, gained, fault, slashBps, record.developer);
    }
}
