// SPDX-License-Identifier: Apache-2.0
#include "otawire/document_members.hpp"

#include "encoding/hex.hpp"

namespace otabahn::otawire {

using encoding::JsonKind;
using encoding::JsonReader;
using encoding::JsonString;

bool collect_members(std::string_view object, std::span<Member> members) {
    JsonReader in(object);
    if (!in.enter_object()) return false;
    for (JsonString key; in.next_member(key);) {
        for (Member& member : members) {
            if (!key.equals(member.name)) continue;
            const bool null = in.kind() == JsonKind::null;
            if (!in.read_raw(member.value)) return false;
            if (null) member.value = {};
            break;
        }
    }
    return in.finish();
}

bool MemberReading::refuse(DocumentFault fault, std::string_view path) {
    refusal_ = {fault, path, file_};
    return false;
}

bool MemberReading::text(const Member& member, std::size_t least, std::size_t most, JsonString& out) {
    if (member.missing()) return refuse(DocumentFault::missing_member, member.path);
    JsonReader in(member.value);
    if (!in.read_string(out)) return refuse(DocumentFault::wrong_type, member.path);
    const std::size_t size = out.size();
    return (size >= least && size <= most) || refuse(DocumentFault::out_of_range, member.path);
}

bool MemberReading::optional_text(const Member& member, std::size_t most, JsonString& out) {
    return member.missing() || text(member, 0, most, out);
}

bool MemberReading::number(const Member& member, std::uint64_t least, std::uint64_t most, std::uint64_t& out) {
    if (member.missing()) return refuse(DocumentFault::missing_member, member.path);
    JsonReader in(member.value);
    std::int64_t negative = 0;
    if (in.read_unsigned(out)) return (out >= least && out <= most) || refuse(DocumentFault::out_of_range, member.path);
    return refuse(in.read_integer(negative) ? DocumentFault::out_of_range : DocumentFault::wrong_type, member.path);
}

bool MemberReading::hash(const Member& member, Sha256& out) {
    JsonString string;
    if (!text(member, 0, SIZE_MAX, string)) return false;
    std::array<char, 64> room;
    const auto digits = string.decode(room);
    if (!digits || digits->size() != room.size() || !encoding::decode_hex(*digits, out))
        return refuse(DocumentFault::out_of_range, member.path);
    return true;
}

bool MemberReading::object(const Member& member) {
    return JsonReader(member.value).kind() == JsonKind::object || refuse(DocumentFault::wrong_type, member.path);
}

bool MemberReading::members_of(const Member& object, std::span<Member> members) {
    if (object.missing()) return refuse(DocumentFault::missing_member, object.path);
    return collect_members(object.value, members) || refuse(DocumentFault::wrong_type, object.path);
}

bool MemberReading::signature(const Member& object, std::string_view algorithm_path, std::string_view value_path,
                              std::string_view certificate_path, Signature& out) {
    std::array<Member, 3> members{{{"algorithm", algorithm_path}, {"value", value_path}, {"certificate", certificate_path}}};
    JsonString algorithm;
    if (!members_of(object, members) || !text(members[0], 1, 64, algorithm)) return false;
    if (algorithm.equals("SHA256-ECDSA"))
        out.algorithm = SignatureAlgorithm::sha256_ecdsa;
    else if (algorithm.equals("SHA256-RSA"))
        out.algorithm = SignatureAlgorithm::sha256_rsa;
    else
        return refuse(DocumentFault::unknown_algorithm, members[0].path);
    return text(members[1], 1, 2048, out.value) && optional_text(members[2], 255, out.certificate);
}

}  // namespace otabahn::otawire
