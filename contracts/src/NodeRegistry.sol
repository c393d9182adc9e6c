// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Eligibility, INodeRegistry, Node, NodeStatus, RegistryParameters} from "./interfaces/INodeRegistry.sol";
import {IOTT} from "./interfaces/IOTT.sol";
import {TokenTransfer} from "./libraries/TokenTransfer.sol";
import {Capacity} from "./types/Capacity.sol";
import {Fault} from "./types/Fault.sol";
import {Amount, BPS, ZERO, toAmount} from "./types/Values.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title NodeRegistry, the registry of the nodes that sell compute
/// @dev What it promises is described in INodeRegistry.
contract NodeRegistry is INodeRegistry, EIP712, ReentrancyGuardTransient {
    using TokenTransfer for IOTT;

    bytes32 private constant KEY_TYPEHASH = keccak256("WireGuardKey(address node,bytes32 publicKey,uint32 epoch)");

    IOTT public immutable token;
    /// @inheritdoc INodeRegistry
    address public immutable market;
    Amount public immutable stakePerMillicore;
    Amount public immutable stakePerMebibyte;
    Amount public immutable stakePerGpu;
    uint16 public immutable lockBps;
    /// @inheritdoc INodeRegistry
    uint32 public immutable unbondingDelay;

    mapping(address node => Node) private _nodes;

    modifier onlyMarket() {
        if (msg.sender != market) revert NotMarket(msg.sender);
        _;
    }

    /// @param token_ the token of all stakes
    /// @param market_ the market, which may be deployed later at a known address
    constructor(IOTT token_, address market_, RegistryParameters memory parameters) EIP712("ZLayer NodeRegistry", "1") {
        if (address(token_).code.length == 0) revert InvalidParameter("token");
        if (market_ == address(0)) revert InvalidParameter("market");
        if (parameters.lockBps > BPS) revert InvalidParameter("lockBps");
        if (parameters.unbondingDelay == 0) revert InvalidParameter("unbondingDelay");
        token = token_;
        market = market_;
        stakePerMillicore = parameters.stakePerMillicore;
        stakePerMebibyte = parameters.stakePerMebibyte;
        stakePerGpu = parameters.stakePerGpu;
        lockBps = parameters.lockBps;
        unbondingDelay = parameters.unbondingDelay;
    }

    // ---- the node's wallet

    /// @inheritdoc INodeRegistry
    function register(
        Capacity calldata capacity,
        Amount stake,
        address delegate,
        bytes32 wireGuardKey,
        bytes calldata signature
    ) external nonReentrant {
        Node storage self = _nodes[msg.sender];
        if (self.status != NodeStatus.None) revert AlreadyRegistered(msg.sender);
        self.status = NodeStatus.Active;
        self.stake = self.stake + stake;
        _setCapacity(self, capacity);
        _setDelegate(self, delegate);
        _setWireGuardKey(self, wireGuardKey, signature);
        emit StakeAdded(msg.sender, stake, self.stake);
        token.pull(msg.sender, stake);
    }

    /// @inheritdoc INodeRegistry
    function setCapacity(Capacity calldata capacity) external {
        _setCapacity(_self(), capacity);
    }

    /// @inheritdoc INodeRegistry
    function setDelegate(address delegate) external {
        _setDelegate(_self(), delegate);
    }

    /// @inheritdoc INodeRegistry
    function setWireGuardKey(bytes32 wireGuardKey, bytes calldata signature) external {
        _setWireGuardKey(_self(), wireGuardKey, signature);
    }

    /// @inheritdoc INodeRegistry
    function addStake(Amount amount) external nonReentrant {
        Node storage self = _self();
        if (amount == ZERO) revert InvalidAmount(amount, ZERO);
        self.stake = self.stake + amount;
        emit StakeAdded(msg.sender, amount, self.stake);
        token.pull(msg.sender, amount);
    }

    /// @inheritdoc INodeRegistry
    function unbond(Amount amount) external {
        Node storage self = _self();
        Amount available = self.stake - self.locked;
        if (amount == ZERO || amount > available) revert InvalidAmount(amount, available);
        _unbond(self, amount);
    }

    /// @inheritdoc INodeRegistry
    function cancelUnbonding() external {
        Node storage self = _self();
        Amount amount = self.unbonding;
        if (amount == ZERO) revert InvalidAmount(ZERO, ZERO);
        self.unbonding = ZERO;
        self.stake = self.stake + amount;
        emit UnbondingCancelled(msg.sender, amount);
    }

    /// @inheritdoc INodeRegistry
    function withdraw() external nonReentrant {
        Node storage self = _nodes[msg.sender];
        Amount amount = self.unbonding;
        if (amount == ZERO) revert InvalidAmount(ZERO, ZERO);
        if (block.timestamp < self.unbondedAt) revert StillUnbonding(self.unbondedAt);
        self.unbonding = ZERO;
        emit StakeWithdrawn(msg.sender, amount);
        token.push(msg.sender, amount);
    }

    /// @inheritdoc INodeRegistry
    function exit() external {
        Node storage self = _self();
        if (self.locked > ZERO) revert JobsRunning(self.locked);
        self.status = NodeStatus.None;
        self.delegate = address(0);
        self.wireGuardKey = bytes32(0);
        emit NodeExited(msg.sender);
        if (self.stake > ZERO) _unbond(self, self.stake);
    }

    // ---- the node's wallet or its delegate

    /// @inheritdoc INodeRegistry
    function pause(address node_) external {
        _operated(node_).status = NodeStatus.Paused;
        emit NodePaused(node_);
    }

    /// @inheritdoc INodeRegistry
    function resume(address node_) external {
        _operated(node_).status = NodeStatus.Active;
        emit NodeResumed(node_);
    }

    // ---- the market

    /// @inheritdoc INodeRegistry
    function lock(address node_, Capacity memory need, Amount escrow, bool covered)
        external
        onlyMarket
        returns (Amount stake, Amount pledge)
    {
        (stake, pledge) = _requireEligible(node_, need, escrow, covered);
        Node storage record = _nodes[node_];
        record.locked = record.locked + stake;
        if (pledge > ZERO) record.pledged = record.pledged + pledge;
    }

    /// @inheritdoc INodeRegistry
    function release(
        address node_,
        Capacity memory need,
        Amount escrow,
        bool covered,
        Amount gained,
        Fault fault,
        uint16 slashBps,
        address beneficiary
    ) external onlyMarket {
        (Amount stake, Amount pledge) = quote(need, escrow, covered);
        Node storage record = _nodes[node_];
        record.locked = record.locked - stake;
        if (pledge > ZERO) record.pledged = record.pledged - pledge;
        if (fault == Fault.None) {
            record.reputation = record.reputation + gained;
            return;
        }
        record.reputation = _after(fault, record.reputation) + gained;
        emit NodeFaulted(node_, fault, record.reputation);
        Amount slashed = stake.bps(slashBps);
        if (slashed > ZERO) _slash(node_, record, slashed, beneficiary);
    }

    // ---- views

    /// @inheritdoc INodeRegistry
    function node(address node_) external view returns (Node memory) {
        return _nodes[node_];
    }

    /// @inheritdoc INodeRegistry
    function delegateOf(address node_) external view returns (address) {
        return _nodes[node_].delegate;
    }

    /// @inheritdoc INodeRegistry
    function isOperator(address node_, address caller) public view returns (bool) {
        return caller == node_ || (caller != address(0) && caller == _nodes[node_].delegate);
    }

    /// @inheritdoc INodeRegistry
    function requiredStake(Capacity memory capacity) public view returns (Amount) {
        return _stakeFor(capacity.millicores, capacity.mebibytes, capacity.gpus);
    }

    /// @inheritdoc INodeRegistry
    function quote(Capacity memory need, Amount escrow, bool covered)
        public
        view
        returns (Amount stake, Amount pledge)
    {
        stake = requiredStake(need);
        Amount least = escrow.bps(lockBps);
        if (stake < least) stake = least;
        if (covered && stake < escrow) pledge = escrow - stake;
    }

    /// @inheritdoc INodeRegistry
    function eligibility(address node_, Capacity memory need, Amount escrow, bool covered)
        external
        view
        returns (Eligibility)
    {
        (Amount stake, Amount pledge) = quote(need, escrow, covered);
        return _eligibility(_nodes[node_], need, stake, pledge);
    }

    /// @inheritdoc INodeRegistry
    function requireBidder(address node_, address caller, Capacity memory need, Amount escrow, bool covered)
        external
        view
    {
        if (!isOperator(node_, caller)) revert NotNode(caller);
        _requireEligible(node_, need, escrow, covered);
    }

    /// @inheritdoc INodeRegistry
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    // ---- inside

    /// @dev The sender's record, when it is registered.
    function _self() private view returns (Node storage self) {
        self = _nodes[msg.sender];
        if (self.status == NodeStatus.None) revert NotNode(msg.sender);
    }

    /// @dev A node's record, when it is registered and the sender acts for it.
    function _operated(address node_) private view returns (Node storage record) {
        record = _nodes[node_];
        if (record.status == NodeStatus.None || !isOperator(node_, msg.sender)) revert NotNode(msg.sender);
    }

    function _setCapacity(Node storage self, Capacity calldata capacity) private {
        if (capacity.millicores == 0 || capacity.mebibytes == 0) revert NoCapacity();
        Amount needed = requiredStake(capacity);
        if (self.stake < needed) revert StakeTooLow(self.stake, needed);
        self.millicores = capacity.millicores;
        self.mebibytes = capacity.mebibytes;
        self.gpus = capacity.gpus;
        self.gpuModel = capacity.gpuModel;
        self.region = capacity.region;
        self.labels = capacity.labels;
        emit NodeRegistered(msg.sender, capacity);
    }

    function _setDelegate(Node storage self, address delegate) private {
        if (delegate == msg.sender) revert InvalidDelegate(delegate);
        self.delegate = delegate;
        emit DelegateSet(msg.sender, delegate);
    }

    function _setWireGuardKey(Node storage self, bytes32 key, bytes calldata signature) private {
        if (key == bytes32(0)) revert NoKey();
        uint32 epoch = self.keyEpoch + 1;
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(KEY_TYPEHASH, msg.sender, key, epoch)));
        if (!SignatureChecker.isValidSignatureNowCalldata(msg.sender, digest, signature)) {
            revert InvalidKeySignature(msg.sender, epoch);
        }
        self.keyEpoch = epoch;
        self.wireGuardKey = key;
        emit WireGuardKeySet(msg.sender, key, epoch, signature);
    }

    function _unbond(Node storage self, Amount amount) private {
        self.stake = self.stake - amount;
        self.unbonding = self.unbonding + amount;
        self.unbondedAt = uint40(block.timestamp + unbondingDelay);
        emit Unbonding(msg.sender, amount, self.unbonding, self.unbondedAt);
    }

    /// @dev What a fault leaves of a reputation.
    function _after(Fault fault, Amount reputation) private pure returns (Amount) {
        if (fault == Fault.Declined) return reputation - reputation.bps(2500);
        if (fault == Fault.Absent) return reputation - reputation.bps(5000);
        return ZERO;
    }

    function _slash(address node_, Node storage record, Amount amount, address beneficiary) private {
        record.stake = record.stake - amount;
        Amount compensation = amount.bps(5000);
        Amount burned = amount - compensation;
        emit Slashed(node_, beneficiary, compensation, burned);
        token.push(beneficiary, compensation);
        token.destroy(burned);
    }

    function _stakeFor(uint32 millicores, uint32 mebibytes, uint8 gpus) private view returns (Amount) {
        // Sums of prices below 2^96 times numbers below 2^32.
        unchecked {
            return toAmount(
                stakePerMillicore.raw() * millicores + stakePerMebibyte.raw() * mebibytes + stakePerGpu.raw() * gpus
            );
        }
    }

    function _requireEligible(address node_, Capacity memory need, Amount escrow, bool covered)
        private
        view
        returns (Amount stake, Amount pledge)
    {
        (stake, pledge) = quote(need, escrow, covered);
        Eligibility reason = _eligibility(_nodes[node_], need, stake, pledge);
        if (reason != Eligibility.Eligible) revert Ineligible(node_, reason);
    }

    function _eligibility(Node storage record, Capacity memory need, Amount stake, Amount pledge)
        private
        view
        returns (Eligibility)
    {
        if (record.status != NodeStatus.Active) {
            return record.status == NodeStatus.None ? Eligibility.NotRegistered : Eligibility.Paused;
        }
        if (record.stake < _stakeFor(record.millicores, record.mebibytes, record.gpus)) {
            return Eligibility.StakeBelowCapacity;
        }
        if (record.millicores < need.millicores || record.mebibytes < need.mebibytes || record.gpus < need.gpus) {
            return Eligibility.TooSmall;
        }
        if (need.gpuModel != 0 && need.gpuModel != record.gpuModel) return Eligibility.OtherGpuModel;
        if (need.region != 0 && need.region != record.region) return Eligibility.OtherRegion;
        if (need.labels & ~record.labels != 0) return Eligibility.LabelMissing;
        if (record.stake - record.locked < stake) return Eligibility.StakeLocked;
        if (pledge > ZERO && record.reputation < record.pledged + pledge) return Eligibility.ReputationTooLow;
        return Eligibility.Eligible;
    }
}
