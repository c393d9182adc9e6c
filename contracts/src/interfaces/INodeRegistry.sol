// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Capacity} from "../types/Capacity.sol";
import {Fault} from "../types/Fault.sol";
import {Amount} from "../types/Values.sol";

/// @notice Whether a node may take a job, and if not, why.
enum Eligibility {
    Eligible,
    NotRegistered,
    Paused,
    StakeBelowCapacity,
    TooSmall,
    OtherGpuModel,
    OtherRegion,
    LabelMissing,
    StakeLocked,
    ReputationTooLow
}

/// @notice Status of a node.
enum NodeStatus {
    None,
    Active,
    Paused
}

/// @notice A node as it is kept: four to five storage slots.
struct Node {
    /// @dev Money that stands for the node's conduct; includes `locked`, not `unbonding`.
    Amount stake;
    /// @dev Part of the stake that running jobs hold.
    Amount locked;
    uint32 millicores;
    uint8 gpus;
    NodeStatus status;
    uint16 region;
    /// @dev Fees burned by this node's settled jobs, less what faults have taken.
    Amount reputation;
    /// @dev Part of the reputation that running jobs hold.
    Amount pledged;
    uint32 mebibytes;
    uint16 gpuModel;
    uint16 labels;
    /// @dev Key that may bid, deliver proofs and sign receipts for this node, never move its money; zero for none.
    address delegate;
    /// @dev Money on its way out.
    Amount unbonding;
    /// @dev When `unbonding` may be withdrawn, in seconds since 1970.
    uint40 unbondedAt;
    /// @dev Number of the WireGuard key; rises with each one.
    uint32 keyEpoch;
    bytes32 wireGuardKey;
}

/// @notice Prices of stake, in the smallest unit of OTT, and the rules about it.
struct RegistryParameters {
    /// @dev Stake for each thousandth of a core that is offered or used.
    Amount stakePerMillicore;
    /// @dev Stake for each MiB.
    Amount stakePerMebibyte;
    /// @dev Stake for each GPU.
    Amount stakePerGpu;
    /// @dev Share of a job's escrow that a node locks at least, in hundredths of a percent.
    uint16 lockBps;
    /// @dev Seconds from the request to the withdrawal of a stake.
    uint32 unbondingDelay;
}

/// @title Registry of the nodes that sell compute
/// @notice Holds stakes, never rewards. A stake leaves only by its owner after the unbonding delay, or by a slash of the
/// part that a job holds. The caller's wallet is the node's identity.
interface INodeRegistry {
    /// @notice A node was registered, again after an exit, or its capacity was changed.
    event NodeRegistered(address indexed node, Capacity capacity);
    /// @notice The delegate key was set; zero for none.
    event DelegateSet(address indexed node, address indexed delegate);
    /// @notice A WireGuard key was bound. The signature lets every peer check the binding without trusting the chain node.
    event WireGuardKeySet(address indexed node, bytes32 indexed publicKey, uint32 epoch, bytes signature);
    /// @notice Stake was added; `stake` is the new total.
    event StakeAdded(address indexed node, Amount amount, Amount stake);
    /// @notice Stake left the pledge and waits to be withdrawn; `unbonding` is all that waits.
    event Unbonding(address indexed node, Amount amount, Amount unbonding, uint40 unbondedAt);
    /// @notice What was unbonding became stake again.
    event UnbondingCancelled(address indexed node, Amount amount);
    /// @notice Stake was paid out to its owner.
    event StakeWithdrawn(address indexed node, Amount amount);
    /// @notice The node takes no new jobs.
    event NodePaused(address indexed node);
    /// @notice The node takes jobs again.
    event NodeResumed(address indexed node);
    /// @notice The node left; its stake is unbonding.
    event NodeExited(address indexed node);
    /// @notice A fault left `reputation` to the node. (What jobs hold, and what reputation they earn, is in the market's
    /// events JobAssigned, JobReopened and JobSettled.)
    event NodeFaulted(address indexed node, Fault fault, Amount reputation);
    /// @notice Stake was lost: `compensation` went to `beneficiary`, `burned` was destroyed.
    event Slashed(address indexed node, address indexed beneficiary, Amount compensation, Amount burned);

    /// @notice Only the market may do this.
    error NotMarket(address caller);
    /// @notice The caller is not a registered node (or, where allowed, the node's delegate).
    error NotNode(address caller);
    /// @notice The node is registered already.
    error AlreadyRegistered(address node);
    /// @notice A node offers at least one millicore and one MiB.
    error NoCapacity();
    /// @notice The stake is lower than what the offered capacity needs.
    error StakeTooLow(Amount stake, Amount needed);
    /// @notice The sum is zero or more than what is there to be taken.
    error InvalidAmount(Amount amount, Amount available);
    /// @notice The stake is still unbonding.
    error StillUnbonding(uint40 unbondedAt);
    /// @notice The signature over the WireGuard key was not made by the node's wallet for this epoch.
    error InvalidKeySignature(address node, uint32 epoch);
    /// @notice A WireGuard key is never zero.
    error NoKey();
    /// @notice Jobs still hold stake of this node.
    error JobsRunning(Amount locked);
    /// @notice A delegate is another address than the node.
    error InvalidDelegate(address delegate);
    /// @notice The node may not take the job.
    error Ineligible(address node, Eligibility reason);
    /// @notice A parameter of the constructor makes no sense.
    error InvalidParameter(string name);

    /// @notice Registers the sender as a node. Needs an allowance for the stake.
    /// @param capacity what the node offers
    /// @param stake money to pledge; with what is pledged already, at least `requiredStake(capacity)`
    /// @param delegate key for unattended work, zero for none
    /// @param wireGuardKey Curve25519 public key
    /// @param signature EIP-712 signature of the sender's wallet: WireGuardKey(node, publicKey, epoch) with epoch 1, or
    ///        the last epoch + 1 after an exit; ERC-1271 wallets are welcome
    function register(
        Capacity calldata capacity,
        Amount stake,
        address delegate,
        bytes32 wireGuardKey,
        bytes calldata signature
    ) external;

    /// @notice Changes what the sender offers. The stake must suffice for it.
    function setCapacity(Capacity calldata capacity) external;

    /// @notice Sets the sender's delegate key; zero for none.
    function setDelegate(address delegate) external;

    /// @notice Binds another WireGuard key to the sender, signed with the last epoch + 1.
    function setWireGuardKey(bytes32 wireGuardKey, bytes calldata signature) external;

    /// @notice Pledges more. Needs an allowance.
    function addStake(Amount amount) external;

    /// @notice Starts to take out stake that no job holds. A further request restarts the delay for all that waits.
    function unbond(Amount amount) external;

    /// @notice Makes all that is unbonding stake again. The sender must be registered.
    function cancelUnbonding() external;

    /// @notice Pays out to the sender what has waited for the unbonding delay.
    function withdraw() external;

    /// @notice Takes no new jobs. By the node or its delegate.
    function pause(address node) external;

    /// @notice Takes jobs again. By the node or its delegate.
    function resume(address node) external;

    /// @notice Leaves: the whole stake begins to unbond. Refused while a job holds stake. Reputation stays.
    function exit() external;

    /// @notice Market only: lets a job hold stake and reputation of an eligible node.
    /// @return stake what is held of the stake
    /// @return pledge what is held of the reputation
    function lock(address node, Capacity calldata need, Amount escrow, bool covered)
        external
        returns (Amount stake, Amount pledge);

    /// @notice Market only: lets go what a job held, after taking a penalty from the stake: half of it compensates the
    /// beneficiary, half is burned.
    /// @param need as when it was locked, like `escrow` and `covered`
    /// @param gained reputation that the job earned
    /// @param fault how the node failed, if it did
    /// @param slashBps share of the held stake to take, in hundredths of a percent
    /// @param beneficiary who is compensated
    function release(
        address node,
        Capacity calldata need,
        Amount escrow,
        bool covered,
        Amount gained,
        Fault fault,
        uint16 slashBps,
        address beneficiary
    ) external;

    /// @notice A node's record.
    function node(address node) external view returns (Node memory);

    /// @notice The delegate key of a node; zero for none.
    function delegateOf(address node) external view returns (address);

    /// @notice Whether `caller` is the node itself or its delegate.
    function isOperator(address node, address caller) external view returns (bool);

    /// @notice Stake that a capacity needs.
    function requiredStake(Capacity memory capacity) external view returns (Amount);

    /// @notice What a job would hold of a node.
    /// @param covered whether reputation must cover what the stake does not
    function quote(Capacity memory need, Amount escrow, bool covered)
        external
        view
        returns (Amount stake, Amount pledge);

    /// @notice Whether a node may take a job now.
    function eligibility(address node, Capacity memory need, Amount escrow, bool covered)
        external
        view
        returns (Eligibility);

    /// @notice Reverts unless `caller` acts for the node and the node may take the job now.
    function requireBidder(address node, address caller, Capacity calldata need, Amount escrow, bool covered)
        external
        view;

    /// @notice Seconds from the request to the withdrawal of a stake.
    function unbondingDelay() external view returns (uint32);

    /// @notice The contract that may lock and slash.
    function market() external view returns (address);

    /// @notice Domain of the WireGuard binding (EIP-712).
    // forge-lint: disable-next-line(mixed-case-function)
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}
