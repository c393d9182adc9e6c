// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {MarketParameters} from "./interfaces/IComputeMarket.sol";
import {INodeRegistry} from "./interfaces/INodeRegistry.sol";
import {IOTT} from "./interfaces/IOTT.sol";
import {JobBidding} from "./market/JobBidding.sol";
import {JobEnding} from "./market/JobEnding.sol";
import {JobPosting} from "./market/JobPosting.sol";
import {JobService} from "./market/JobService.sol";
import {MarketBase} from "./market/MarketBase.sol";
import {MarketViews} from "./market/MarketViews.sol";

/// @title ComputeMarket, the market for compute jobs
/// @dev What it promises is described in IComputeMarket; its parts, one for each stretch of a job's life, are in market/.
contract ComputeMarket is JobPosting, JobBidding, JobService, JobEnding, MarketViews {
    /// @param registry_ the nodes; its market must be this contract
    /// @param distribution_ the settlement contract, which may be deployed later at a known address
    constructor(IOTT token_, INodeRegistry registry_, address distribution_, MarketParameters memory parameters)
        MarketBase(token_, registry_, distribution_, parameters)
    {}
}
