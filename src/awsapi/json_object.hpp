// SPDX-License-Identifier: Apache-2.0
// A JSON object written member by member, in the order of their adding: what services say over MQTT.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace otabahn::awsapi {

class JsonObject {
  public:
    JsonObject& add(std::string_view name, std::string_view json);  // a value that is JSON already
    JsonObject& add_text(std::string_view name, std::string_view text);
    JsonObject& add_number(std::string_view name, std::int64_t number);
    std::string text() const { return body_ + "}"; }

  private:
    std::string body_ = "{";
};

}  // namespace otabahn::awsapi
