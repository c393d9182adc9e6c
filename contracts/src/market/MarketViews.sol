// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Amendment, Bid, IComputeMarket, Job, JobState, Service} from "../interfaces/IComputeMarket.sol";
import {Amount, JobId} from "../types/Values.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice What can be read of the market.
abstract contract MarketViews is MarketBase {
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
        return _bids[jobId][node].unpack();
    }

    /// @inheritdoc IComputeMarket
    function bidders(JobId jobId) external view returns (address[] memory nodes) {
        nodes = new address[](_jobs[jobId].listed);
        for (uint256 i = 0; i < nodes.length; i++) {
            nodes[i] = _listed[jobId][i];
        }
    }

    /// @inheritdoc IComputeMarket
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }
}
