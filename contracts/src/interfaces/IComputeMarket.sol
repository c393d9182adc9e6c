// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Capacity} from "../types/Capacity.sol";
import {Fault} from "../types/Fault.sol";
import {Amount, JobId, Rate} from "../types/Values.sol";

/// @notice State of a job. contracts/README.md draws how they follow one another.
enum JobState {
    None,
    Open,
    Assigned,
    Running,
    Claimed,
    Disputed,
    Settled,
    Cancelled
}

/// @notice How a node is chosen.
enum Matching {
    /// @dev The developer accepts one of the bids.
    Developer,
    /// @dev At the deadline the lowest eligible bid wins; anyone may make the contract take it.
    LowestBid
}

/// @notice What a developer asks for.
struct JobTerms {
    /// @dev CIDv1 of the spec in its binary form, 36 bytes. It is emitted, not stored.
    bytes specCid;
    /// @dev Key with which the developer's side signs receipts of this job.
    address receiptKey;
    Matching matching;
    /// @dev Whether a node must cover with reputation what its locked stake does not cover of the escrow.
    bool covered;
    /// @dev Promised share of seconds in service, in hundredths of a percent; zero for none.
    uint16 availabilityBps;
    /// @dev Highest price for a second.
    Rate maxRate;
    /// @dev Money paid in now; pays for at least `minFundedSeconds` and at most `maxDuration` at the highest rate.
    Amount escrow;
    /// @dev Longest time in service, in seconds.
    uint32 maxDuration;
    /// @dev Until when nodes may bid, in seconds since 1970.
    uint32 bidDeadline;
    Capacity need;
}

/// @notice An ERC-2612 permit for exactly the escrow.
struct Permit {
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @notice A job as it is kept: three storage slots from the start, the fourth when it is assigned. What a job holds of its
/// node follows from its terms (`INodeRegistry.quote`), and when service ends from the money; neither is stored.
struct Job {
    address developer;
    JobState state;
    Matching matching;
    bool covered;
    /// @dev There is an `Amendment`.
    bool amended;
    /// @dev How often the job was assigned.
    uint8 rounds;
    /// @dev Number of entries in the list of bidders (lowest bid only).
    uint8 listed;
    uint16 availabilityBps;
    /// @dev Open: until when nodes may bid. Assigned: until when the node must start. Later: when it started.
    uint32 time;
    address receiptKey;
    Rate maxRate;
    /// @dev Money paid in when the job was posted. A job that has ended holds none of it any more.
    Amount deposit;
    uint32 maxDuration;
    uint32 millicores;
    uint32 mebibytes;
    uint8 gpus;
    uint16 gpuModel;
    uint16 region;
    uint16 labels;
    address node;
    /// @dev The agreed price for a second.
    Rate rate;
}

/// @notice What changed while a job was running.
struct Amendment {
    /// @dev Money that was added.
    Amount added;
    /// @dev When service was stopped; zero when it was not.
    uint32 stoppedAt;
    /// @dev Seconds that the node had promised when it left before the end; otherwise zero.
    uint32 promised;
}

/// @notice What settlement needs to know of a job.
struct Service {
    JobState state;
    address developer;
    address node;
    address receiptKey;
    Rate rate;
    /// @dev All money that the developer has paid in.
    Amount escrow;
    uint32 startedAt;
    /// @dev When service ends: money or time are used up, or it was stopped.
    uint32 endsAt;
    /// @dev Seconds against which availability is measured.
    uint32 promised;
    uint16 availabilityBps;
}

/// @notice A node's offer, one storage slot.
struct Bid {
    Rate rate;
    uint32 validUntil;
    /// @dev The node is in the list of bidders.
    bool listed;
    /// @dev The node failed this job and may not bid again.
    bool barred;
}

/// @notice Times and shares of the market; all immutable.
struct MarketParameters {
    /// @dev Share of each payout that is to be burned and becomes reputation, in hundredths of a percent.
    uint16 feeBps;
    /// @dev Share of the locked stake that a node loses for not starting, in hundredths of a percent.
    uint16 noShowBps;
    /// @dev Seconds from the deadline of bids in which a bid may be taken.
    uint32 acceptWindow;
    /// @dev Seconds from the assignment in which the node must start.
    uint32 startWindow;
    /// @dev Seconds for which bids are open again after an assignment failed.
    uint32 rebidWindow;
    /// @dev Seconds from the end of service in which the node proves its usage; for as long again anyone may settle
    /// with a receipt.
    uint32 claimWindow;
    /// @dev Seconds of service that an escrow pays for at least.
    uint32 minFundedSeconds;
    /// @dev Longest time for which bids may be open, in seconds.
    uint32 maxBidding;
    /// @dev Longest service, in seconds.
    uint32 maxDuration;
}

/// @title Market for compute jobs
/// @notice Holds the escrow of jobs and the fees that wait to be burned, and nothing else. Every state but the last two has a deadline after which anyone may
/// move the job on (`expire` here, `finalize` in RewardDistribution).
interface IComputeMarket {
    /// @notice A job is open for bids.
    event JobPosted(JobId indexed jobId, address indexed developer, JobTerms terms);
    /// @notice A node bids, or changes its bid.
    event BidPlaced(JobId indexed jobId, address indexed node, Rate rate, uint32 validUntil);
    /// @notice A bid is gone: withdrawn, or displaced by a lower one from a full list.
    event BidRemoved(JobId indexed jobId, address indexed node);
    /// @notice A node was chosen and must start in time. `locked` and `pledged` are what the job holds of it.
    event JobAssigned(
        JobId indexed jobId, address indexed node, Rate rate, Amount locked, Amount pledged, uint32 startBy
    );
    /// @notice The node serves the job; the money suffices until `endsAt`.
    event JobStarted(JobId indexed jobId, address indexed node, uint32 startedAt, uint32 endsAt);
    /// @notice Money or time was added.
    event JobFunded(JobId indexed jobId, Amount added, Amount escrow, uint32 maxDuration, uint32 endsAt);
    /// @notice Service ended before its time.
    event JobStopped(JobId indexed jobId, address indexed by, uint32 endsAt);
    /// @notice The assigned node failed; bids are open again.
    event JobReopened(JobId indexed jobId, address indexed node, Fault fault, uint32 bidDeadline);
    /// @notice The node claims pay by its own proof (see RewardDistribution).
    event JobClaimed(JobId indexed jobId);
    /// @notice The developer disputes the claim (see RewardDistribution).
    event JobDisputed(JobId indexed jobId);
    /// @notice The end: the node received `paid`, the developer `refunded`, and `fee` became reputation and
    /// waits to be burned.
    event JobSettled(JobId indexed jobId, address indexed node, Amount paid, Amount refunded, Amount fee, Fault fault);
    /// @notice The end without service: the developer received the escrow.
    event JobCancelled(JobId indexed jobId, Amount refunded);

    /// @notice The fees of settled jobs were destroyed.
    event FeesBurned(Amount fees);

    /// @notice There are no fees to be burned.
    error NoFees();
    /// @notice The job is not in a state in which this can be done.
    error WrongState(JobId jobId, JobState state);
    /// @notice Only the job's developer may do this.
    error NotDeveloper(address caller);
    /// @notice Only the job's node or its delegate may do this.
    error NotNode(address caller);
    /// @notice Only the settlement contract may do this.
    error NotDistribution(address caller);
    /// @notice A field of the terms makes no sense; `name` says which.
    error InvalidTerms(string name);
    /// @notice A parameter of the constructor makes no sense.
    error InvalidParameter(string name);
    /// @notice The money is below the least or above the most that the terms can use.
    error InvalidEscrow(Amount escrow, uint256 least, uint256 most);
    /// @notice It is too late: the deadline has passed.
    error TooLate(JobId jobId, uint256 deadline);
    /// @notice It is too early.
    error TooEarly(JobId jobId, uint256 due);
    /// @notice A rate is above zero and at most the job's highest rate.
    error InvalidRate(Rate rate, Rate maxRate);
    /// @notice A bid is valid for some time to come.
    error InvalidValidity(uint32 validUntil);
    /// @notice A developer cannot serve its own job.
    error OwnJob(address developer);
    /// @notice The node failed this job before.
    error Barred(address node);
    /// @notice There is no valid bid of this node.
    error NoBid(address node);
    /// @notice None of the bids is eligible now.
    error NoEligibleBid(JobId jobId);
    /// @notice The list of bids is full, and this one is not lower than the highest in it.
    error BidTooHigh(Rate rate, Rate highest);
    /// @notice This matching does not allow the call.
    error WrongMatching(JobId jobId, Matching matching);
    /// @notice The extension was not signed by the job's node or its delegate.
    error InvalidExtension(JobId jobId, uint32 maxDuration);
    /// @notice The money adds no time to the job.
    error NothingAdded(JobId jobId);
    /// @notice A payout is more than the escrow.
    error PayoutTooHigh(Amount payout, Amount escrow);

    /// @notice Posts a job. Needs an allowance for the escrow.
    function post(JobTerms calldata terms) external returns (JobId);

    /// @notice Posts a job with a permit in place of an allowance: one transaction. A permit that somebody else has
    /// submitted already does no harm.
    function postWithPermit(JobTerms calldata terms, Permit calldata permit) external returns (JobId);

    /// @notice Bids for a job, or changes a bid. By the node or its delegate, until the deadline.
    /// @param node the bidding node
    /// @param rate price for a second
    /// @param validUntil until when the bid may be taken, in seconds since 1970
    function bid(JobId jobId, address node, Rate rate, uint32 validUntil) external;

    /// @notice Takes a bid back while the job is open.
    function withdrawBid(JobId jobId, address node) external;

    /// @notice Developer: takes a node's bid, if it is still at most `rate`.
    function accept(JobId jobId, address node, Rate rate) external;

    /// @notice Anyone: after the deadline takes the lowest eligible bid; of equal ones the one listed first.
    function assignLowest(JobId jobId) external;

    /// @notice Node or delegate: service begins.
    function start(JobId jobId) external;

    /// @notice Node or delegate: hands the job back before it started. Costs reputation, but no stake.
    function decline(JobId jobId) external;

    /// @notice Developer, node or delegate: service ends now. What was used is to be paid.
    function stop(JobId jobId) external;

    /// @notice Anyone: adds money to a running job, which lasts longer by it, up to its longest duration.
    function topUp(JobId jobId, Amount amount) external;

    /// @notice Developer: prolongs a running job with the node's consent and adds money.
    /// @param maxDuration the new longest duration in seconds
    /// @param amount money to add
    /// @param signature EIP-712 by the node's wallet key or its delegate: Extension(jobId, maxDuration)
    function extend(JobId jobId, uint32 maxDuration, Amount amount, bytes calldata signature) external;

    /// @notice Developer: takes an open job from the market.
    function cancel(JobId jobId) external;

    /// @notice Anyone: moves on a job whose time has passed. Open: refunds. Assigned: penalises the node and opens the job
    /// again, or refunds after the third round. Running: refunds when the node claimed nothing.
    function expire(JobId jobId) external;

    /// @notice Anyone: destroys the fees that have gathered. Nobody can take them in another way.
    function burnFees() external;

    /// @notice RewardDistribution only: a claim by proof was made.
    function markClaimed(JobId jobId) external;

    /// @notice RewardDistribution only: the claim is disputed.
    function markDisputed(JobId jobId) external;

    /// @notice RewardDistribution only: ends a job.
    /// @param payout what the node gets, fee included
    /// @param fault how the node failed, if it did
    /// @param slashBps share of the locked stake to slash, in hundredths of a percent
    function settle(JobId jobId, Amount payout, Fault fault, uint16 slashBps) external;

    /// @notice Fees that wait to be burned.
    function unburnedFees() external view returns (Amount);

    /// @notice What settlement needs to know; the node's part is zero until it started.
    function service(JobId jobId) external view returns (Service memory);

    /// @notice What changed while a job was running.
    function amendment(JobId jobId) external view returns (Amendment memory);

    /// @notice A job's record.
    function job(JobId jobId) external view returns (Job memory);

    /// @notice A node's bid; rate zero when there is none.
    function bidOf(JobId jobId, address node) external view returns (Bid memory);

    /// @notice The nodes in the list of bidders (lowest bid only), withdrawn ones included.
    function bidders(JobId jobId) external view returns (address[] memory);

    /// @notice When `expire` may be called for the job; zero when it cannot be.
    function expiresAt(JobId jobId) external view returns (uint256);

    /// @notice How many jobs were posted; the last one's number.
    function jobCount() external view returns (uint128);

    /// @notice Seconds in which a node proves its usage.
    function claimWindow() external view returns (uint32);

    /// @notice Domain of extensions (EIP-712).
    // forge-lint: disable-next-line(mixed-case-function)
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}
