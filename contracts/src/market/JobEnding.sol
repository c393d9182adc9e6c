// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IComputeMarket, Job, JobState} from "../interfaces/IComputeMarket.sol";
import {IOTT} from "../interfaces/IOTT.sol";
import {TokenTransfer} from "../libraries/TokenTransfer.sol";
import {Fault} from "../types/Fault.sol";
import {Amount, JobId, Rate, ZERO} from "../types/Values.sol";
import {JobTransitions} from "./JobTransitions.sol";

/// @notice How a job ends, and where its money goes.
abstract contract JobEnding is JobTransitions {
    using TokenTransfer for IOTT;

    modifier onlyDistribution() {
        if (msg.sender != distribution) revert NotDistribution(msg.sender);
        _;
    }

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

    /// @inheritdoc IComputeMarket
    function burnFees() external nonReentrant {
        Amount fees = _fees;
        if (fees == ZERO) revert NoFees();
        _fees = ZERO;
        emit FeesBurned(fees);
        token.destroy(fees);
    }

    /// @inheritdoc IComputeMarket
    function expiresAt(JobId jobId) external view returns (uint256) {
        return _expiresAt(jobId, _jobs[jobId]);
    }

    function _expiresAt(JobId jobId, Job storage record) private view returns (uint256) {
        JobState state = record.state;
        if (state == JobState.Open) return uint256(record.time) + acceptWindow + 1;
        if (state == JobState.Assigned) return uint256(record.time) + 1;
        if (state == JobState.Running) return uint256(_endsAt(jobId, record)) + 2 * uint256(claimWindow) + 1;
        return 0;
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
}
