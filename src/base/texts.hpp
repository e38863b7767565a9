// SPDX-License-Identifier: Apache-2.0
// Whether sentences for people are built in: where a refusal lies, what is logged. They are a third of a microcontroller's
// updater; without them, what programs read (statuses, reasons, codes) is the same. One setting of a whole build, since it
// decides the layout of types: -DOTABAHN_TEXTS=0.
#pragma once

#ifndef OTABAHN_TEXTS
#define OTABAHN_TEXTS 1
#endif

namespace otabahn {

inline constexpr bool texts = OTABAHN_TEXTS != 0;

}  // namespace otabahn
