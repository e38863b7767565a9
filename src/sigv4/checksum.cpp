// SPDX-License-Identifier: Apache-2.0
#include "sigv4/checksum.hpp"

#include "encoding/base64_string.hpp"
#include "sigv4/url_text.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace otabahn::sigv4 {
namespace {

// Slicing by eight: eight table look-ups take eight bytes at once. Row 0 is the plain table of the reflected polynomial.
template <class Word>
using CrcTables = std::array<std::array<Word, 256>, 8>;

template <class Word>
constexpr CrcTables<Word> make_tables(Word polynomial) {
    CrcTables<Word> tables{};
    for (std::size_t i = 0; i < 256; ++i) {
        Word value = static_cast<Word>(i);
        for (int bit = 0; bit < 8; ++bit) value = (value & 1) ? (value >> 1) ^ polynomial : value >> 1;
        tables[0][i] = value;
    }
    for (std::size_t row = 1; row < 8; ++row)
        for (std::size_t i = 0; i < 256; ++i) tables[row][i] = (tables[row - 1][i] >> 8) ^ tables[0][tables[row - 1][i] & 0xff];
    return tables;
}

constexpr auto crc32_tables = make_tables<std::uint32_t>(0xedb88320u);
constexpr auto crc32c_tables = make_tables<std::uint32_t>(0x82f63b78u);
constexpr auto crc64nvme_tables = make_tables<std::uint64_t>(0x9a6c9329ac4bc9b5u);

static_assert(std::endian::native == std::endian::little, "the eight-byte step reads little-endian words");

template <class Word>
Word advance(const CrcTables<Word>& tables, Word crc, ByteView bytes) {
    while (bytes.size() >= 8) {
        std::uint64_t block = 0;
        std::memcpy(&block, bytes.data(), 8);
        block ^= crc;
        Word next = 0;
        for (std::size_t i = 0; i < 8; ++i) next ^= tables[7 - i][block >> (8 * i) & 0xff];
        crc = next;
        bytes = bytes.subspan(8);
    }
    for (const std::uint8_t byte : bytes) crc = (crc >> 8) ^ tables[0][(crc ^ byte) & 0xff];
    return crc;
}

template <class Word>
std::string big_endian(Word value) {
    std::string out;
    for (std::size_t i = sizeof(Word); i-- > 0;) out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
}

struct Row {
    ChecksumKind kind;
    std::string_view header, word;
    std::size_t size;
};
constexpr std::array<Row, 6> rows{{
    {ChecksumKind::crc32, "x-amz-checksum-crc32", "CRC32", 4},
    {ChecksumKind::crc32c, "x-amz-checksum-crc32c", "CRC32C", 4},
    {ChecksumKind::crc64nvme, "x-amz-checksum-crc64nvme", "CRC64NVME", 8},
    {ChecksumKind::sha1, "x-amz-checksum-sha1", "SHA1", 20},
    {ChecksumKind::sha256, "x-amz-checksum-sha256", "SHA256", 32},
    {ChecksumKind::md5, "content-md5", "MD5", 16},
}};

std::variant<std::uint32_t, std::uint64_t, Digest> start(ChecksumKind kind) {
    switch (kind) {
        case ChecksumKind::crc32:
        case ChecksumKind::crc32c:
            return ~std::uint32_t{0};
        case ChecksumKind::crc64nvme:
            return ~std::uint64_t{0};
        case ChecksumKind::sha1:
            return Digest(DigestKind::sha1);
        case ChecksumKind::sha256:
            return Digest(DigestKind::sha256);
        case ChecksumKind::md5:
            return Digest(DigestKind::md5);
    }
    return std::uint32_t{0};
}

}  // namespace

std::optional<ChecksumKind> checksum_of_header(std::string_view lower_case_name) {
    for (const Row& row : rows)
        if (row.header == lower_case_name && row.kind != ChecksumKind::md5) return row.kind;
    return std::nullopt;
}

std::string_view to_string(ChecksumKind kind) { return rows[static_cast<std::size_t>(kind)].word; }
std::size_t checksum_size(ChecksumKind kind) { return rows[static_cast<std::size_t>(kind)].size; }

Checksum::Checksum(ChecksumKind kind) : kind_(kind), state_(start(kind)) {}

void Checksum::update(ByteView bytes) {
    if (auto* crc = std::get_if<std::uint32_t>(&state_))
        *crc = advance(kind_ == ChecksumKind::crc32 ? crc32_tables : crc32c_tables, *crc, bytes);
    else if (auto* wide = std::get_if<std::uint64_t>(&state_))
        *wide = advance(crc64nvme_tables, *wide, bytes);
    else
        std::get<Digest>(state_).update(bytes);
}

std::string Checksum::finish() {
    if (const auto* crc = std::get_if<std::uint32_t>(&state_)) return big_endian(~*crc);
    if (const auto* wide = std::get_if<std::uint64_t>(&state_)) return big_endian(~*wide);
    return std::get<Digest>(state_).finish();
}

std::string Checksum::finish_base64() { return encoding::to_base64(as_bytes(finish())); }

}  // namespace otabahn::sigv4
