// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Amendment, IComputeMarket, Job, JobState} from "../interfaces/IComputeMarket.sol";
import {IOTT} from "../interfaces/IOTT.sol";
import {ReceiptVerifier} from "../libraries/ReceiptVerifier.sol";
import {TokenTransfer} from "../libraries/TokenTransfer.sol";
import {Fault} from "../types/Fault.sol";
import {Amount, JobId} from "../types/Values.sol";
import {JobTransitions} from "./JobTransitions.sol";

/// @notice What happens to a job while its node has it.
abstract contract JobService is JobTransitions {
    using TokenTransfer for IOTT;

    bytes32 private constant EXTENSION_TYPEHASH = keccak256("Extension(uint256 jobId,uint32 maxDuration)");

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

    function _fund(JobId jobId, Job storage record, Amount amount, uint32 end) private {
        if (block.timestamp >= end) revert TooLate(jobId, end);
        record.amended = true;
        _amendments[jobId].added = _amendments[jobId].added + amount;
        uint32 prolonged = _endsAt(jobId, record);
        if (prolonged <= end) revert NothingAdded(jobId);
        emit JobFunded(jobId, amount, _escrow(jobId, record), record.maxDuration, prolonged);
        token.pull(msg.sender, amount);
    }
}
