// SPDX-License-Identifier: Apache-2.0
#include "access/tags.hpp"

#include "access/names.hpp"

#include <boost/json.hpp>

#include <set>

namespace otabahn::access {
namespace {

constexpr std::size_t most_tags = 50;

}  // namespace

awsapi::Outcome<std::string> to_stored_tags(const std::optional<std::vector<api::iam::Tag>>& tags) {
    boost::json::array out;
    if (!tags) return boost::json::serialize(out);
    if (tags->size() > most_tags)
        return awsapi::service_fail("LimitExceeded", 409,
                                    "Cannot exceed quota for TagsPerResource: 50; " + std::to_string(tags->size()) + " were given.");
    std::set<std::string> keys;
    for (const api::iam::Tag& tag : *tags) {
        if (!keys.insert(to_key(tag.key)).second)
            return awsapi::service_fail("InvalidInput", 400, "Duplicate tag keys found: '" + tag.key + "'. Tag keys are case insensitive.");
        if (to_key(tag.key).starts_with("aws:"))
            return awsapi::service_fail("InvalidInput", 400, "The tag key '" + tag.key + "' begins with 'aws:', which is reserved.");
        out.push_back(boost::json::array{tag.key, tag.value});
    }
    return boost::json::serialize(out);
}

std::vector<api::iam::Tag> from_stored_tags(std::string_view stored) {
    std::vector<api::iam::Tag> out;
    const auto parsed = boost::json::parse(stored);
    for (const auto& pair : parsed.as_array())
        out.push_back({std::string(pair.as_array().at(0).as_string()), std::string(pair.as_array().at(1).as_string())});
    return out;
}

}  // namespace otabahn::access
