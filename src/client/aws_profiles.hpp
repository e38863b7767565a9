// SPDX-License-Identifier: Apache-2.0
// AWS's two files of profiles, ~/.aws/credentials and ~/.aws/config, as its command line reads them. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace otabahn::client {

class ProfileFile {
  public:
    enum class Kind {
        credentials,  // [name]
        config,       // [profile name], and [default]
    };
    // Lines that are no `key = value` and indented ones (the nested settings of a service) are passed over, as AWS does.
    static ProfileFile parse(std::string_view text, Kind kind);

    bool has(std::string_view profile) const;
    std::optional<std::string> find(std::string_view profile, std::string_view key) const;

  private:
    std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> profiles_;
};

}  // namespace otabahn::client
