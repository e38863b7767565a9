// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace otabahn::api {
struct Nothing {};  // input or output of an operation that has none
}  // namespace otabahn::api
