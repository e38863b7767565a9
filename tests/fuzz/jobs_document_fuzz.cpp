// SPDX-License-Identifier: Apache-2.0
// A job document as an operator uploads it, with its placeholders and the URLs in them. A document that is taken is still JSON
// once its placeholders are replaced, by whatever text.
#include "jobs/document.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace jobs = otabahn::jobs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view document(reinterpret_cast<const char*>(bytes), size);
    constexpr std::string_view own_host = "127.0.0.1:4566";
    for (const bool encoded : {false, true})
        if (const auto address = jobs::parse_s3_url(document, own_host, encoded);
            address && (address->bucket.empty() || address->key.empty()))
            std::abort();
    if (!jobs::check_document(document)) return 0;
    const auto placeholders = jobs::find_placeholders(document, own_host);
    if (!placeholders) return 0;
    const auto replaced = jobs::replace_placeholders(
        document, *placeholders,
        [](const jobs::ObjectAddress& object) -> otabahn::Result<std::string> { return "https://x/\"\\" + object.bucket; });
    boost::system::error_code error;
    boost::json::parse(*replaced, error);
    if (error) std::abort();
    return 0;
}
