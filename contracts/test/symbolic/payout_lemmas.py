"""What z3 proves of the payout formula over whole numbers of any size: `node scripts/prove-contracts.mjs`.

Halmos proves of the compiled formula that no product leaves 256 bits, so its arithmetic is that of whole numbers. What divides one symbolic number by
another is beyond it; here a quotient q = a / b is what defines it: q b <= a < (q + 1) b. Each claim is proved by refuting its opposite; prints one line
for each and ends with 1 when one is not proved.
"""

import sys

from z3 import And, If, Implies, Int, Not, Solver, unsat

used, later, target, escrow = (Int(name) for name in ("used", "later", "target", "escrow"))
BPS = 10_000
# `target` is promised * availability; `later` is any number of seconds that is not smaller than `used`.


def quotient(q, dividend, divisor):
    return And(q * divisor <= dividend, dividend < (q + 1) * divisor, q >= 0)


def reduced(seconds, price, q):
    """Payout before the escrow limits it, with q for the quotient of the reduction."""
    return If(seconds * BPS < target, q, price)


def least(a, b):
    return If(a < b, a, b)


q1, q2, x, y = Int("q1"), Int("q2"), Int("x"), Int("y")
p1, p2, k1, k2 = Int("p1"), Int("p2"), Int("k1"), Int("k2")
POSITIVE = And(p1 >= 0, p2 >= p1, k1 >= 0, k2 >= k1, target > 0)

LEMMAS = {
    # Reduced from the price p by k / t < 1.
    "a reduction never pays more than the price": Implies(And(POSITIVE, k1 < target, quotient(q1, p1 * k1, target)), q1 <= p1),
    # Two steps: the products keep the order, and so do their quotients by one number.
    "products keep the order": Implies(POSITIVE, p1 * k1 <= p2 * k2),
    "quotients keep the order": Implies(
        And(target > 0, x >= 0, y >= x, quotient(q1, x, target), quotient(q2, y, target)), q1 <= q2
    ),
    # From the three above, with p1 and p2 for the prices: both reduced, neither, or only the earlier; the fourth case cannot be.
    "more seconds never pay less": Implies(
        And(
            used >= 0,
            later >= used,
            p1 <= p2,
            Implies(used * BPS < target, q1 <= p1),
            Implies(And(used * BPS < target, later * BPS < target), q1 <= q2),
        ),
        reduced(used, p1, q1) <= reduced(later, p2, q2),
    ),
    "nor when the escrow limits both": Implies(x <= y, least(x, escrow) <= least(y, escrow)),
    "never more than the price or the escrow": Implies(x <= y, And(least(x, escrow) <= y, least(x, escrow) <= escrow)),
}

passed = 0
for name, claim in LEMMAS.items():
    solver = Solver()
    solver.set("timeout", 30_000)
    solver.add(Not(claim))
    verdict = solver.check()
    passed += verdict == unsat
    print(f"[{'PASS' if verdict == unsat else 'FAIL'}] {name}" + ("" if verdict == unsat else f": {verdict}"))
print(f"Symbolic test result: {passed} passed; {len(LEMMAS) - passed} failed; whole numbers of any size")
sys.exit(passed != len(LEMMAS))
