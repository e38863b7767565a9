// SPDX-License-Identifier: Apache-2.0
// IAM's names: ARNs, random ids and keys, and the percent-encoding of documents in answers (spec control-plane 5.1, 5.2).
// Private to access/.
#pragma once

#include "base/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace otabahn::access {

// Names are unique ignoring case: what the store's keys are made of.
std::string to_key(std::string_view name);

// arn:aws:iam::A:role/PATH/NAME; `path` begins and ends with a slash.
std::string iam_arn(const AccountId& account, std::string_view kind, std::string_view path, std::string_view name);

struct IamName {
    std::string account;  // "aws" for AWS's own policies
    std::string path, name;
};
// The parts of such an ARN; nothing when it is none of that kind ("role", "policy").
std::optional<IamName> parse_iam_arn(std::string_view arn, std::string_view kind);

// `prefix` (AROA, ANPA, AKIA) and so many random characters of A-Z and 2-7.
std::string random_id(std::string_view prefix, std::size_t characters);
std::string random_secret();  // 40 characters

}  // namespace otabahn::access
