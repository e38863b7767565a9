// SPDX-License-Identifier: Apache-2.0
// What is bound and what answers 501, as the Markdown of docs/compatibility.md.
#pragma once

#include "awsapi/operations.hpp"

#include <string>

namespace otabahn::awsapi {

std::string compatibility_table(const Operations& operations);

}  // namespace otabahn::awsapi
