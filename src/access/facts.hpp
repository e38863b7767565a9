// SPDX-License-Identifier: Apache-2.0
// What a request says of itself, as the condition keys and variables of IAM ask for it (spec control-plane 5.4). Private to
// access/.
#pragma once

#include "base/time.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::access {

class Facts {
  public:
    // Time is in every request.
    explicit Facts(Timestamp now);
    // An empty value leaves the key absent.
    void set(std::string_view key, std::string value);
    std::optional<std::vector<std::string>> find(std::string_view key) const;  // ignoring case

  private:
    std::map<std::string, std::string, std::less<>> values_;  // by the lower-case key
};

}  // namespace otabahn::access
