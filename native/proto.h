// The little of protocol buffers' wire format that configurations need.
#ifndef FDM_PROTO_H_
#define FDM_PROTO_H_

#include <cstdint>
#include <string>

namespace fdm {

inline void AppendVarint(uint32_t value, std::string* proto) {
  for (; value >= 0x80; value >>= 7) proto->push_back(static_cast<char>(value | 0x80));
  proto->push_back(static_cast<char>(value));
}

// A field of type int32, bool or enum, not negative.
inline void AppendInteger(int field, uint32_t value, std::string* proto) {
  AppendVarint(field << 3, proto);
  AppendVarint(value, proto);
}

// A field that is a text or a message.
inline void AppendBytes(int field, const std::string& value, std::string* proto) {
  AppendVarint(field << 3 | 2, proto);
  AppendVarint(value.size(), proto);
  proto->append(value);
}

}  // namespace fdm

#endif  // FDM_PROTO_H_
