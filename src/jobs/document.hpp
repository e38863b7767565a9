// SPDX-License-Identifier: Apache-2.0
// The job document: what is taken at CreateJob, and the placeholders in it that become presigned URLs each time a device is
// handed the document (spec jobs 1.7, 3.7). The text is kept byte for byte; only placeholders are replaced. Pure.
#pragma once

#include "base/error.hpp"
#include "jobs/s3_url.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::jobs {

inline constexpr std::size_t longest_document = 32768;
inline constexpr std::size_t most_placeholders = 10;

// A JSON object in UTF-8 of at most 32 KB.
Result<void> check_document(std::string_view document);

// A presigned URL to be put in the place of document[begin, end).
struct Placeholder {
    std::size_t begin = 0, end = 0;
    ObjectAddress object;
};

// Refuses a placeholder without an end, a URL that is none of an object, more than ten, and the kinds of placeholder that AWS
// knows and otabahn does not, by name. Other ${…} text is left as it is.
Result<std::vector<Placeholder>> find_placeholders(std::string_view document, std::string_view own_host);

Result<std::string> replace_placeholders(std::string_view document, const std::vector<Placeholder>& placeholders,
                                         const std::function<Result<std::string>(const ObjectAddress&)>& presign);

}  // namespace otabahn::jobs
