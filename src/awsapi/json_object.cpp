// SPDX-License-Identifier: Apache-2.0
#include "awsapi/json_object.hpp"

#include "awsapi/json_body.hpp"

namespace otabahn::awsapi {

JsonObject& JsonObject::add(std::string_view name, std::string_view json) {
    if (body_.size() > 1) body_.push_back(',');
    append_json_string(body_, name);
    body_.append(":").append(json);
    return *this;
}

JsonObject& JsonObject::add_text(std::string_view name, std::string_view text) {
    std::string quoted;
    append_json_string(quoted, text);
    return add(name, quoted);
}

JsonObject& JsonObject::add_number(std::string_view name, std::int64_t number) { return add(name, std::to_string(number)); }

}  // namespace otabahn::awsapi
