// Transcendental functions whose every bit is the same on any CPU, any libm and any compiler flag we allow.
//
// A simulation that decides anything by libm's log() repeats only on machines with the same libm and the same CPU
// features, because libm picks FMA or AVX2 variants at run time. These functions use integers and the IEEE 754 basic
// operations (+ - * / and sqrt, correctly rounded by the standard) only, on binary64, with contraction off. Their
// series have exact rational coefficients, so there is nothing to tune.
//
// "Exact" promises repeatable bits, not correct rounding. The distance from the true value is at most the bound stated
// with each function, in units in the last place (ulp) of the result. Special values follow IEEE 754 and C Annex F:
// NaN in gives NaN out, overflow gives infinity, underflow is gradual. errno and the exception flags mean nothing here.
#pragma once

namespace ghostnet {

// Natural logarithm, within 1 ulp (largest seen: 0.85). log(0) = -inf; a negative argument gives NaN.
double exact_log(double x);

// e to the power x, within 1 ulp (largest seen: 0.90). Ulps of a subnormal result are 2^-1074.
double exact_exp(double x);

// x to the power y, within 1.1 ulp (largest seen: 0.98), however large the exponent of the result.
// A negative x has a power for integral y only (NaN otherwise); pow(x, 0) and pow(1, y) are 1 even for NaN.
double exact_pow(double x, double y);

// Cube root, of negative numbers too, within 0.501 ulp.
double exact_cbrt(double x);

}  // namespace ghostnet
