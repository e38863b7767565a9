// SPDX-License-Identifier: Apache-2.0
// The JSON that shadow topics and REST answers carry (spec gateway 5.2). Pure. Times are whole seconds.
#pragma once

#include "base/time.hpp"
#include "shadow/document.hpp"
#include "shadow/refusal.hpp"

#include <optional>
#include <string>

namespace otabahn::shadow {

using ClientToken = std::optional<std::string>;

// Only what the request named, nulls and all.
std::string format_update_accepted(const Update& update, std::int64_t version, Timestamp now);
std::string format_get_accepted(const Document& document, const ClientToken& token, Timestamp now);
std::string format_delete_accepted(std::int64_t version, const ClientToken& token, Timestamp now);
std::string format_delta(const Value& delta, std::int64_t version, const ClientToken& token, Timestamp now);
std::string format_documents(const Updated& updated, const ClientToken& token, Timestamp now);
std::string format_rejected(const Refusal& refusal, const ClientToken& token, Timestamp now);

}  // namespace otabahn::shadow
