// SPDX-License-Identifier: Apache-2.0
// How job documents and manifests are read: the members of an object are collected as they stand, then taken one by one, so
// that what decides is the document's meaning and not the order of its members. A member that is null counts as missing; of
// one that stands twice, the last counts.
#pragma once

#include "base/result.hpp"
#include "encoding/json.hpp"
#include "otawire/job_document.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace otabahn::otawire {

struct Member {
    std::string_view name;        // in the object
    std::string_view path;        // in the document: files[].sha256
    std::string_view value = {};  // JSON text
    bool missing() const { return value.empty(); }
};

// False: `object` is no JSON object.
bool collect_members(std::string_view object, std::span<Member> members);

// Takes members; the first that is not what it must be stays as the refusal.
class MemberReading {
  public:
    const DocumentRefusal& refusal() const { return refusal_; }
    bool refuse(DocumentFault fault, std::string_view path);
    // From here on members belong to files[index]; -1: to none.
    void enter_file(int index) { file_ = index; }

    bool text(const Member& member, std::size_t least, std::size_t most, encoding::JsonString& out);
    bool optional_text(const Member& member, std::size_t most, encoding::JsonString& out);
    bool number(const Member& member, std::uint64_t least, std::uint64_t most, std::uint64_t& out);
    bool hash(const Member& member, Sha256& out);
    bool object(const Member& member);
    bool members_of(const Member& object, std::span<Member> members);
    // The algorithm by its name in documents, and a signature object {algorithm, value, certificate}.
    bool signature(const Member& object, std::string_view algorithm_path, std::string_view value_path, std::string_view certificate_path,
                   Signature& out);

  private:
    DocumentRefusal refusal_;
    int file_ = -1;
};

// The elements of an array that is known to be well-formed, as JSON texts.
class Elements {
  public:
    explicit Elements(std::string_view array) : reader_(array), open_(reader_.enter_array()) {}
    bool is_array() const { return open_; }
    bool next(std::string_view& element) { return open_ && reader_.next_element() && reader_.read_raw(element); }

  private:
    encoding::JsonReader reader_;
    bool open_;
};

// afr_ota_document.cpp: `object` is the value of the member afr_ota.
Result<JobDocument, DocumentRefusal> parse_afr_ota(std::string_view object);

}  // namespace otabahn::otawire
