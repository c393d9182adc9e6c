// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {MeteringEntry} from "../libraries/MeteringLog.sol";
import {Receipt} from "../libraries/ReceiptVerifier.sol";
import {Amount, JobId} from "../types/Values.sol";

/// @notice A claim by a node's own proof, and the dispute about it.
struct Claim {
    /// @dev What the node claims; zero when there is no claim.
    Amount amount;
    /// @dev The developer's bond; zero when there is no dispute.
    Amount bond;
    /// @dev Last second in which it may be disputed or, once disputed, decided.
    uint40 until;
    /// @dev Merkle root of the metering log.
    bytes32 root;
}

/// @notice Times and shares of settlement; all immutable.
struct DistributionParameters {
    /// @dev Seconds in which a claim may be disputed.
    uint32 disputeWindow;
    /// @dev Seconds in which a dispute may be decided.
    uint32 decisionWindow;
    /// @dev Bond as a share of the claim, in hundredths of a percent.
    uint16 bondBps;
    /// @dev Least bond.
    Amount minBond;
}

/// @title Settlement of jobs
/// @notice Decides what a job pays; the market pays. Holds the bonds of disputes, and nothing else.
interface IRewardDistribution {
    /// @notice Both sides agreed on what the job pays; the market's JobSettled says how much.
    event ReceiptSettled(JobId indexed jobId, uint32 usedSeconds, bytes32 usageRoot);
    /// @notice A node claims by proof; the last entry of its log says how much it used.
    event Claimed(
        JobId indexed jobId, Amount amount, bytes32 root, bytes logCid, MeteringEntry last, uint40 disputableUntil
    );
    /// @notice The developer disputes the claim with a bond and evidence.
    event Disputed(JobId indexed jobId, Amount bond, bytes evidenceCid, uint40 decidableUntil);
    /// @notice The arbiter decided what the job pays; less than claimed means that the claim was false.
    event Decided(JobId indexed jobId, Amount claimed, Amount award, uint16 slashBps);
    /// @notice The claim was not disputed (`awarded` is all of it), or not decided in time (half of it).
    event Finalized(JobId indexed jobId, Amount claimed, Amount awarded);
    /// @notice A bond left: `returned` to the developer, `compensation` to the node, `burned` was destroyed.
    event BondReleased(JobId indexed jobId, Amount returned, Amount compensation, Amount burned);

    /// @notice The job is not in a state in which this can be done.
    error NotSettleable(JobId jobId);
    /// @notice Only the job's node or its delegate may do this.
    error NotNode(address caller);
    /// @notice Only the job's developer may do this.
    error NotDeveloper(address caller);
    /// @notice Only the arbiter may do this.
    error NotArbiter(address caller);
    /// @notice The receipt was not signed by the node's wallet key or its delegate.
    error InvalidNodeSignature(address signer, address node);
    /// @notice The receipt was not signed by the job's receipt key.
    error InvalidDeveloperSignature(address signer, address receiptKey);
    /// @notice Only the node may settle by a receipt that is not final before this time.
    error ReceiptNotFinal(JobId jobId, uint256 openFrom);
    /// @notice More seconds of use than the job has been in service.
    error TooMuchUsage(uint256 usedSeconds, uint256 served);
    /// @notice The receipt's amount is more than its use costs.
    error AmountAboveUsage(Amount amount, uint256 cost);
    /// @notice The entry belongs to another job.
    error WrongJob(JobId jobId, JobId ofEntry);
    /// @notice The Merkle proof does not lead from the entry to the root.
    error InvalidProof(bytes32 root, bytes32 leaf);
    /// @notice The log shows no use that is to be paid.
    error NothingToClaim(JobId jobId);
    /// @notice It is too early.
    error TooEarly(JobId jobId, uint256 due);
    /// @notice It is too late.
    error TooLate(JobId jobId, uint256 deadline);
    /// @notice An award is at most the claim, and an upheld claim slashes nobody; a share is at most 10,000.
    error InvalidAward(Amount award, Amount claimed, uint16 slashBps);
    /// @notice A parameter of the constructor makes no sense.
    error InvalidParameter(string name);

    /// @notice Ends a job by the last receipt. The node or its delegate may do so at any time; anyone may with a final
    /// receipt; and anyone may with any receipt once the node has let its time to claim pass. A final receipt also ends
    /// a claim or a dispute; the bond returns to the developer.
    /// @param receipt what both sides agreed on
    /// @param nodeSignature EIP-712, 65 bytes, by the node's wallet key or its delegate
    /// @param developerSignature EIP-712, 65 bytes, by the job's receipt key
    function settle(Receipt calldata receipt, bytes calldata nodeSignature, bytes calldata developerSignature) external;

    /// @notice Node or delegate, after the end of service: claims pay by its own proof. The amount follows from the last
    /// entry, the rate and the promised availability (see Payout).
    /// @param root Merkle root of the metering log
    /// @param logCid CIDv1 of the whole log in its binary form
    /// @param last the log's last entry
    /// @param proof Merkle proof of that entry
    function claim(
        JobId jobId,
        bytes32 root,
        bytes calldata logCid,
        MeteringEntry calldata last,
        bytes32[] calldata proof
    ) external;

    /// @notice Developer: disputes a claim. Needs an allowance for `bondFor(claim.amount)`.
    /// @param evidenceCid CIDv1 of the evidence in its binary form
    function dispute(JobId jobId, bytes calldata evidenceCid) external;

    /// @notice Arbiter: decides a dispute. An award of the whole claim costs the developer the bond (half to the node,
    /// half burned); a lower one returns the bond and slashes the node.
    /// @param award what the job pays, fee included
    /// @param slashBps share of the locked stake to slash, in hundredths of a percent
    function decide(JobId jobId, Amount award, uint16 slashBps) external;

    /// @notice Anyone: ends a job whose claim nobody disputed in time (pays the claim), or whose dispute nobody decided
    /// in time (pays half, returns the bond, slashes nobody).
    function finalize(JobId jobId) external;

    /// @notice The claim of a job.
    function claimOf(JobId jobId) external view returns (Claim memory);

    /// @notice The bond that disputing a claim of this amount needs.
    function bondFor(Amount amount) external view returns (Amount);

    /// @notice The digest that both sides sign for a receipt.
    function receiptDigest(Receipt calldata receipt) external view returns (bytes32);

    /// @notice Leaf of a metering log.
    function meteringLeaf(MeteringEntry calldata entry) external pure returns (bytes32);

    /// @notice Domain of receipts (EIP-712).
    // forge-lint: disable-next-line(mixed-case-function)
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}
