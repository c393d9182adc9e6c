// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Amendment, IComputeMarket, Job, JobState, MarketParameters} from "../interfaces/IComputeMarket.sol";
import {INodeRegistry} from "../interfaces/INodeRegistry.sol";
import {IOTT} from "../interfaces/IOTT.sol";
import {Capacity} from "../types/Capacity.sol";
import {PackedBid} from "../types/PackedBid.sol";
import {Amount, BPS, JobId} from "../types/Values.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @notice What all parts of the market share: its parameters, its records, and how a record is read.
abstract contract MarketBase is IComputeMarket, EIP712, ReentrancyGuardTransient {
    /// @dev Bids that one job keeps for the lowest to be found in one transaction.
    uint256 public constant MAX_LISTED = 16;

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
    Amount internal _fees;
    /// @inheritdoc IComputeMarket
    uint128 public jobCount;
    mapping(JobId jobId => Job) internal _jobs;
    mapping(JobId jobId => mapping(address node => PackedBid)) internal _bids;
    mapping(JobId jobId => address[MAX_LISTED]) internal _listed;
    /// @dev Of jobs that are `amended` only.
    mapping(JobId jobId => Amendment) internal _amendments;

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

    function _inState(JobId jobId, JobState state) internal view returns (Job storage record) {
        record = _jobs[jobId];
        if (record.state != state) revert WrongState(jobId, record.state);
    }

    function _ofDeveloper(JobId jobId) internal view returns (Job storage record) {
        record = _jobs[jobId];
        if (record.developer != msg.sender) revert NotDeveloper(msg.sender);
    }

    function _ofNode(JobId jobId) internal view returns (Job storage record) {
        record = _jobs[jobId];
        address node = record.node;
        if (node == address(0) || (node != msg.sender && !registry.isOperator(node, msg.sender))) {
            revert NotNode(msg.sender);
        }
    }

    /// @dev What a node must have for the job, and the money from which its lock follows: one storage slot, read once.
    function _asked(Job storage record) internal view returns (Capacity memory need, Amount deposit) {
        deposit = record.deposit;
        need = Capacity({
            millicores: record.millicores,
            mebibytes: record.mebibytes,
            gpus: record.gpus,
            gpuModel: record.gpuModel,
            region: record.region,
            labels: record.labels
        });
    }

    /// @dev All money that the developer has paid in.
    function _escrow(JobId jobId, Job storage record) internal view returns (Amount) {
        return record.amended ? record.deposit + _amendments[jobId].added : record.deposit;
    }

    /// @dev When the service of a started job ends: it was stopped, or money or time are used up at the agreed rate.
    function _endsAt(JobId jobId, Job storage record) internal view returns (uint32) {
        if (record.amended && _amendments[jobId].stoppedAt != 0) return _amendments[jobId].stoppedAt;
        uint256 funded = _escrow(jobId, record).raw() / record.rate.costOf(1);
        uint256 longest = record.maxDuration;
        return uint32(record.time + (funded < longest ? funded : longest));
    }
}
