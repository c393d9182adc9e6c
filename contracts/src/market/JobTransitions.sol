// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Job, JobState} from "../interfaces/IComputeMarket.sol";
import {IOTT} from "../interfaces/IOTT.sol";
import {TokenTransfer} from "../libraries/TokenTransfer.sol";
import {Capacity} from "../types/Capacity.sol";
import {Fault} from "../types/Fault.sol";
import {BARRED_BID, NO_BID} from "../types/PackedBid.sol";
import {Amount, JobId, Rate, ZERO} from "../types/Values.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice The steps between states that more than one call takes.
abstract contract JobTransitions is MarketBase {
    using TokenTransfer for IOTT;

    /// @dev How often a job is assigned before it is refunded; bounds the time that an escrow can be held.
    uint256 public constant MAX_ROUNDS = 3;

    function _assign(JobId jobId, Job storage record, address node, Rate rate) internal {
        (Capacity memory need, Amount deposit) = _asked(record);
        (Amount locked, Amount pledged) = registry.lock(node, need, deposit, record.covered);
        uint32 startBy = uint32(block.timestamp + startWindow);
        record.state = JobState.Assigned;
        record.rounds += 1;
        record.time = startBy;
        record.node = node;
        record.rate = rate;
        _bids[jobId][node] = NO_BID;
        emit JobAssigned(jobId, node, rate, locked, pledged, startBy);
    }

    /// @dev Takes an assigned job from its node, which may not bid for it again.
    function _unassign(JobId jobId, Job storage record, Fault fault) internal {
        address node = record.node;
        record.node = address(0);
        record.rate = Rate.wrap(0);
        _bids[jobId][node] = BARRED_BID;
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

    /// @dev Ends a job that was never served; gives the whole escrow back.
    function _cancel(JobId jobId, Job storage record) internal {
        record.state = JobState.Cancelled;
        emit JobCancelled(jobId, record.deposit);
        token.push(record.developer, record.deposit);
    }

    /// @dev Lets go what the job holds of its node.
    function _release(Job storage record, address node, Amount gained, Fault fault, uint16 slashBps) internal {
        (Capacity memory need, Amount deposit) = _asked(record);
        registry.release(node, need, deposit, record.covered, gained, fault, slashBps, record.developer);
    }
}
