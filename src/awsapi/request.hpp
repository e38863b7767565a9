// SPDX-License-Identifier: Apache-2.0
// An HTTP request and answer as the API core sees them: text and bytes, no socket. The HTTP adapter fills one and writes
// the other; the operator's client does it the other way round.
#pragma once

#include "awsapi/body.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otabahn::awsapi {

// Header fields in their order; names compare without regard to case, a name may stand several times.
class Headers {
  public:
    using Field = std::pair<std::string, std::string>;

    Headers() = default;
    Headers(std::initializer_list<Field> fields) : fields_(fields) {}

    void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
    void set(std::string name, std::string value);  // replaces every field of that name
    void remove(std::string_view name);
    const std::string* find(std::string_view name) const;  // the first; null: none
    std::string_view value(std::string_view name) const;   // empty: none
    bool contains(std::string_view name) const { return find(name) != nullptr; }

    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    std::size_t size() const { return fields_.size(); }
    bool empty() const { return fields_.empty(); }

  private:
    std::vector<Field> fields_;
};

bool same_header_name(std::string_view a, std::string_view b);

using QueryPairs = std::vector<std::pair<std::string, std::string>>;  // decoded, in their order; `?uploads` has an empty value

struct Request {
    std::string method;     // GET
    std::string path;       // raw, as on the wire, without the query: /things/a%3Ab
    std::string raw_query;  // as on the wire, without the ?
    QueryPairs query;
    Headers headers;
    std::string body;  // empty where it streams

    std::string target() const { return raw_query.empty() ? path : path + "?" + raw_query; }
    const std::string* find_query(std::string_view name) const;
};

// Takes a request target apart ("/b/k?uploads"; an absolute-form "http://host/b" loses scheme and host).
void set_target(Request& request, std::string_view target);

struct Response {
    int status = 200;
    Headers headers;
    std::string body;
    std::unique_ptr<BodySource> source;  // when set it is the body, source->size() bytes; `body` is empty then
};

// Percent-decodes; a % without two hex digits stands for itself. In queries and forms + is a blank, in paths it is not.
std::string percent_decode(std::string_view text, bool plus_is_blank = false);
// Encodes all but A-Z a-z 0-9 - . _ ~ and, when asked, the slash.
std::string percent_encode(std::string_view text, bool keep_slash = false);
QueryPairs parse_query(std::string_view raw);

}  // namespace otabahn::awsapi
