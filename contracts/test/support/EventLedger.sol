// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Amendment, Bid, IComputeMarket, Job, JobState, JobTerms} from "../../src/interfaces/IComputeMarket.sol";
import {INodeRegistry, Node, NodeStatus} from "../../src/interfaces/INodeRegistry.sol";
import {Claim, IRewardDistribution} from "../../src/interfaces/IRewardDistribution.sol";
import {MeteringEntry} from "../../src/libraries/MeteringLog.sol";
import {Capacity} from "../../src/types/Capacity.sol";
import {Fault} from "../../src/types/Fault.sol";
import {Amount, JobId, Rate, ZERO} from "../../src/types/Values.sol";
import {Vm} from "./TestBase.sol";

/// @notice Everything that the contracts know, made again from nothing but their events, as an indexer would.
contract EventLedger {
    mapping(JobId => Job) private _jobs;
    mapping(JobId => Amendment) private _amendments;
    mapping(JobId => Claim) private _claims;
    mapping(JobId => mapping(address => Bid)) private _bids;
    mapping(address => Node) private _nodes;
    /// @notice When the service of a job ends, in seconds since 1970.
    mapping(JobId => uint32) public endsAt;
    /// @dev What a job holds of its node.
    mapping(JobId => Amount[2]) private _held;
    mapping(JobId => bytes) public specCid;
    Amount public unburnedFees;
    /// @notice Names of all events that were seen, by their first topic.
    mapping(bytes32 => uint256) public seen;

    function job(JobId jobId) external view returns (Job memory) {
        return _jobs[jobId];
    }

    function amendment(JobId jobId) external view returns (Amendment memory) {
        return _amendments[jobId];
    }

    function claimOf(JobId jobId) external view returns (Claim memory) {
        return _claims[jobId];
    }

    function bidOf(JobId jobId, address node_) external view returns (Bid memory) {
        return _bids[jobId][node_];
    }

    function node(address node_) external view returns (Node memory) {
        return _nodes[node_];
    }

    function read(Vm.Log calldata log) external {
        bytes32 topic = log.topics[0];
        seen[topic]++;
        if (!ofJob(topic, log) && !ofSettlement(topic, log)) ofNode(topic, log);
    }

    function ofJob(bytes32 topic, Vm.Log calldata log) private returns (bool) {
        JobId jobId = JobId.wrap(log.topics.length > 1 ? uint256(log.topics[1]) : 0);
        address party = log.topics.length > 2 ? address(uint160(uint256(log.topics[2]))) : address(0);
        Job storage record = _jobs[jobId];
        if (topic == IComputeMarket.JobPosted.selector) {
            posted(jobId, party, abi.decode(log.data, (JobTerms)));
        } else if (topic == IComputeMarket.BidPlaced.selector) {
            (Rate rate, uint32 validUntil) = abi.decode(log.data, (Rate, uint32));
            (_bids[jobId][party].rate, _bids[jobId][party].validUntil) = (rate, validUntil);
        } else if (topic == IComputeMarket.BidRemoved.selector) {
            _bids[jobId][party].rate = Rate.wrap(0);
        } else if (topic == IComputeMarket.JobAssigned.selector) {
            assigned(jobId, party, log.data);
        } else if (topic == IComputeMarket.JobStarted.selector) {
            record.state = JobState.Running;
            (record.time, endsAt[jobId]) = abi.decode(log.data, (uint32, uint32));
        } else if (topic == IComputeMarket.JobFunded.selector) {
            Amount added;
            (added,, record.maxDuration, endsAt[jobId]) = abi.decode(log.data, (Amount, Amount, uint32, uint32));
            _amendments[jobId].added = _amendments[jobId].added + added;
            record.amended = true;
        } else if (topic == IComputeMarket.JobStopped.selector) {
            if (party != record.developer) _amendments[jobId].promised = endsAt[jobId] - record.time;
            endsAt[jobId] = abi.decode(log.data, (uint32));
            _amendments[jobId].stoppedAt = endsAt[jobId];
            record.amended = true;
        } else if (topic == IComputeMarket.JobReopened.selector) {
            reopened(jobId, party, log.data);
        } else if (topic == IComputeMarket.JobClaimed.selector) {
            record.state = JobState.Claimed;
        } else if (topic == IComputeMarket.JobDisputed.selector) {
            record.state = JobState.Disputed;
        } else if (topic == IComputeMarket.JobSettled.selector) {
            settled(jobId, party, log.data);
        } else if (topic == IComputeMarket.JobCancelled.selector) {
            record.state = JobState.Cancelled;
        } else if (topic == IComputeMarket.FeesBurned.selector) {
            unburnedFees = unburnedFees - abi.decode(log.data, (Amount));
        } else {
            return false;
        }
        return true;
    }

    function posted(JobId jobId, address developer, JobTerms memory terms) private {
        Job storage record = _jobs[jobId];
        record.developer = developer;
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
        specCid[jobId] = terms.specCid;
    }

    function assigned(JobId jobId, address node_, bytes calldata data) private {
        Job storage record = _jobs[jobId];
        (Rate rate, Amount locked, Amount pledged, uint32 startBy) = abi.decode(data, (Rate, Amount, Amount, uint32));
        (record.state, record.node, record.rate, record.time) = (JobState.Assigned, node_, rate, startBy);
        record.rounds++;
        delete _bids[jobId][node_];
        _held[jobId] = [locked, pledged];
        _nodes[node_].locked = _nodes[node_].locked + locked;
        _nodes[node_].pledged = _nodes[node_].pledged + pledged;
    }

    function reopened(JobId jobId, address node_, bytes calldata data) private {
        Job storage record = _jobs[jobId];
        (, uint32 deadline) = abi.decode(data, (Fault, uint32));
        // After the last round the job keeps its time; JobCancelled follows.
        if (deadline != 0) (record.state, record.time) = (JobState.Open, deadline);
        (record.node, record.rate) = (address(0), Rate.wrap(0));
        _bids[jobId][node_] = Bid({rate: Rate.wrap(0), validUntil: 0, listed: false, barred: true});
        release(jobId, node_);
    }

    function settled(JobId jobId, address node_, bytes calldata data) private {
        Job storage record = _jobs[jobId];
        (,, Amount fee,) = abi.decode(data, (Amount, Amount, Amount, Fault));
        (record.state, record.receiptKey, record.maxRate) = (JobState.Settled, address(0), Rate.wrap(0));
        unburnedFees = unburnedFees + fee;
        release(jobId, node_);
        _nodes[node_].reputation = _nodes[node_].reputation + fee;
    }

    function release(JobId jobId, address node_) private {
        Node storage record = _nodes[node_];
        record.locked = record.locked - _held[jobId][0];
        record.pledged = record.pledged - _held[jobId][1];
    }

    function ofSettlement(bytes32 topic, Vm.Log calldata log) private returns (bool) {
        JobId jobId = JobId.wrap(log.topics.length > 1 ? uint256(log.topics[1]) : 0);
        if (topic == IRewardDistribution.Claimed.selector) {
            (Amount amount, bytes32 root,,, uint40 until) =
                abi.decode(log.data, (Amount, bytes32, bytes, MeteringEntry, uint40));
            _claims[jobId] = Claim({amount: amount, bond: ZERO, until: until, root: root});
        } else if (topic == IRewardDistribution.Disputed.selector) {
            (_claims[jobId].bond,, _claims[jobId].until) = abi.decode(log.data, (Amount, bytes, uint40));
        } else if (topic == IRewardDistribution.BondReleased.selector) {
            _claims[jobId].bond = ZERO;
        } else {
            // What was decided, and by which receipt, changes nothing that JobSettled does not tell.
            return topic == IRewardDistribution.Decided.selector || topic == IRewardDistribution.Finalized.selector
                || topic == IRewardDistribution.ReceiptSettled.selector;
        }
        return true;
    }

    function ofNode(bytes32 topic, Vm.Log calldata log) private {
        Node storage record = _nodes[address(uint160(uint256(log.topics[1])))];
        if (topic == INodeRegistry.NodeRegistered.selector) {
            registered(record, abi.decode(log.data, (Capacity)));
        } else if (topic == INodeRegistry.DelegateSet.selector) {
            record.delegate = address(uint160(uint256(log.topics[2])));
        } else if (topic == INodeRegistry.WireGuardKeySet.selector) {
            record.wireGuardKey = log.topics[2];
            (record.keyEpoch,) = abi.decode(log.data, (uint32, bytes));
        } else if (topic == INodeRegistry.StakeAdded.selector) {
            (, record.stake) = abi.decode(log.data, (Amount, Amount));
        } else if (topic == INodeRegistry.Unbonding.selector) {
            Amount amount;
            (amount, record.unbonding, record.unbondedAt) = abi.decode(log.data, (Amount, Amount, uint40));
            record.stake = record.stake - amount;
        } else if (topic == INodeRegistry.UnbondingCancelled.selector) {
            record.stake = record.stake + abi.decode(log.data, (Amount));
            record.unbonding = ZERO;
        } else if (topic == INodeRegistry.StakeWithdrawn.selector) {
            record.unbonding = record.unbonding - abi.decode(log.data, (Amount));
        } else if (topic == INodeRegistry.NodePaused.selector) {
            record.status = NodeStatus.Paused;
        } else if (topic == INodeRegistry.NodeResumed.selector) {
            record.status = NodeStatus.Active;
        } else if (topic == INodeRegistry.NodeExited.selector) {
            (record.status, record.delegate, record.wireGuardKey) = (NodeStatus.None, address(0), bytes32(0));
        } else if (topic == INodeRegistry.NodeFaulted.selector) {
            faulted(record, log.data);
        } else if (topic == INodeRegistry.Slashed.selector) {
            (Amount compensation, Amount burned) = abi.decode(log.data, (Amount, Amount));
            record.stake = record.stake - compensation - burned;
        }
    }

    function registered(Node storage record, Capacity memory offered) private {
        if (record.status == NodeStatus.None) record.status = NodeStatus.Active;
        record.millicores = offered.millicores;
        record.mebibytes = offered.mebibytes;
        record.gpus = offered.gpus;
        record.gpuModel = offered.gpuModel;
        record.region = offered.region;
        record.labels = offered.labels;
    }

    /// @dev Says what reputation is after the fault and after the fee, which JobSettled added already.
    function faulted(Node storage record, bytes calldata data) private {
        (, record.reputation) = abi.decode(data, (Fault, Amount));
    }
}
